"""The forms that add and describe a person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.web.access import ROLES, VIEWER
from accounts.web.fields import RuledField, bare_helper
from onboarding import names


def sign_in_name(text: str) -> str:
    """Accept what Django does, as far as everybody can see it."""
    try:
        User.username_validator(names.seen(text))
    except ValidationError:
        raise ValueError("Use letters, digits and the signs @ . + - _ only.") from None
    return text


def mail_address(text: str) -> str:
    try:
        validate_email(names.seen(text))
    except ValidationError:
        raise ValueError("This is not a mail address.") from None
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
        rule=mail_address, required=False, max_length=254, label="Mail address"
    )
    helper = bare_helper()

    @classmethod
    def of(cls, person: User, data: Any = None) -> DescriptionForm:
        kept = {name: getattr(person, name) for name in cls.base_fields}
        return cls(data, initial=kept)


class RolesForm(forms.Form):
    roles = forms.MultipleChoiceField(
        label="Roles",
        required=False,
        choices=[(role.name, f"{role.name}: {role.does}") for role in ROLES],
        widget=forms.CheckboxSelectMultiple,
    )
    helper = bare_helper()


class AddForm(DescriptionForm, RolesForm):
    """Adds somebody who signs in by a password of their own."""

    username = RuledField(
        rule=sign_in_name,
        max_length=150,
        label="Name to sign in with",
        help_text="It cannot be changed here later. The activity log shows it.",
    )
    field_order = ("username", "first_name", "last_name", "email", "roles")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].help_text = "The link to choose a password goes there."
        self.fields["roles"].initial = [VIEWER.name]

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=name).exists():
            raise ValidationError("Somebody has this name already.")
        if settings.PASSWORDS_FOR and name not in settings.PASSWORDS_FOR:
            allowed = ", ".join(settings.PASSWORDS_FOR)
            raise ValidationError(
                f"PASSWORDS_FOR leaves passwords to {allowed}. Others come from the "
                "single sign-on, and are not added."
            )
        return name
