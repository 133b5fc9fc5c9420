"""The forms that add and describe a person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.forms.fields import RuledField, bare_helper
from accounts.people.look_alikes import new_name
from accounts.people.role_limits.limits import Limits, limits_by_hand, limits_of
from accounts.people.role_limits.naming import LIMITED
from accounts.people.roles import APPROVER, OPERATOR, ROLES, VIEWER
from accounts.web.people.person import is_of_provider
from accounts.web.role_limits.fields import EnvironmentsField
from onboarding import names


def sign_in_name(text: str) -> str:
    """Accept what Django does, as far as everybody can see it, and in the form by which
    Django finds whoever signs in.
    """
    name = User.normalize_username(names.seen(text))
    try:
        User.username_validator(name)
    except ValidationError:
        raise ValueError(
            "Use only letters, digits, and the characters @ . + - _"
        ) from None
    return new_name(name)


def email_address(text: str) -> str:
    try:
        validate_email(names.seen(text))
    except ValidationError:
        raise ValueError("Enter a valid email address.") from None
    return text


class DescriptionForm(forms.Form):
    """Who somebody is."""

    first_name = RuledField(
        rule=names.seen, required=False, max_length=150, label="First name"
    )
    last_name = RuledField(
        rule=names.seen, required=False, max_length=150, label="Last name"
    )
    email = RuledField(
        rule=email_address, required=False, max_length=254, label="Email address"
    )
    helper = bare_helper()

    @classmethod
    def of(cls, person: User, data: Any = None) -> DescriptionForm:
        kept = {name: getattr(person, name) for name in cls.base_fields}
        return cls(data, initial=kept)

    @property
    def given(self) -> dict[str, Any]:
        return {"names": self.cleaned_data}


class RolesForm(forms.Form):
    roles = forms.MultipleChoiceField(
        label="Roles",
        required=False,
        choices=[(role.name, f"{role.name}: {role.does}") for role in ROLES],
        widget=forms.CheckboxSelectMultiple,
    )
    helper = bare_helper()


class LimitsForm(forms.Form):
    """For which environments somebody's roles are, whoever gave them."""

    operator_in = EnvironmentsField(role=OPERATOR)
    approver_in = EnvironmentsField(role=APPROVER)
    helper = bare_helper()

    @classmethod
    def of(cls, person: User, data: Any = None) -> LimitsForm:
        return cls(data, initial=kept_limits(person))

    @property
    def limits(self) -> Limits:
        """What each role is limited to, of a form that is valid."""
        return {role: self.cleaned_data[f"{role.name}_in"] for role in LIMITED}

    @property
    def given(self) -> dict[str, Any]:
        """The roles are single sign-on's, and refused, where they are sent anyway."""
        roles = self.cleaned_data.get("roles", self.data.get("roles") and [])
        return {"roles": roles, "limits": self.limits}


class LimitedRolesForm(RolesForm, LimitsForm):
    """The roles of somebody, and for which environments they are."""

    field_order = ("roles", "operator_in", "approver_in")

    @classmethod
    def of(cls, person: User, data: Any = None) -> LimitedRolesForm:
        roles = [group.name for group in person.groups.all()]
        return cls(data, initial={"roles": roles, **kept_limits(person)})

    def clean(self) -> dict[str, Any]:
        """Refuse a limit of a role that the person would not have, unless it is kept
        for whoever gives the role back.
        """
        roles = self.cleaned_data.get("roles", [])
        for role in LIMITED:
            name = f"{role.name}_in"
            if (
                role.name not in roles
                and self.cleaned_data.get(name)
                and self.cleaned_data[name] != self.initial.get(name)
            ):
                self.add_error(
                    name,
                    f"Select the {role.name} role also, or leave this field empty.",
                )
        return self.cleaned_data


def kept_limits(person: User) -> dict[str, frozenset[str] | None]:
    """Return what is limited here. Where no provider decides now, what groups
    limited before is decided here, too.
    """
    kept = limits_by_hand(person) if is_of_provider(person) else limits_of(person)
    return {f"{role.name}_in": kept.get(role.name) for role in LIMITED}


class AddForm(DescriptionForm, RolesForm):
    """Adds somebody who signs in by a password of their own."""

    username = RuledField(
        rule=sign_in_name,
        max_length=150,
        label="User name",
        help_text="You can't change it later. The activity log shows it.",
    )
    field_order = ("username", "first_name", "last_name", "email", "roles")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[
            "email"
        ].help_text = "Bowline sends the link for choosing a password to this address."
        self.fields["roles"].initial = [VIEWER.name]

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if settings.PASSWORDS_FOR and name not in settings.PASSWORDS_FOR:
            allowed = ", ".join(settings.PASSWORDS_FOR)
            raise ValidationError(
                f"PASSWORDS_FOR allows passwords only for {allowed}. Other people "
                "sign in with single sign-on and don't need to be added."
            )
        return name
