"""The forms that add and describe a person, and the links by which people
choose a password.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import Group, User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.factors import keeping
from accounts.forms.fields import RuledField, bare_helper
from accounts.http import full_url
from accounts.models import Activity, ApiToken
from accounts.notifications.notifying import address_of, is_configured
from accounts.notify.texts import one_line
from accounts.people.activity import record
from accounts.people.look_alikes import new_name
from accounts.people.role_limits.limits import Limits, limits_by_hand, limits_of
from accounts.people.role_limits.naming import LIMITED
from accounts.people.roles import (
    APPROVER,
    OPERATOR,
    ROLES,
    VIEWER,
    has_password,
    may_use_password,
)
from accounts.web.role_limits import EnvironmentsField
from accounts.web.sign_in import address
from accounts.web.single_sign_on.provider import (
    identity_of,
    provider_of,
    sign_on_provider,
)
from accounts.web.you.sessions import count_open, end, with_sessions
from accounts.wording import counted
from onboarding import names


def role_names(person: User) -> list[str]:
    return sorted(person.groups.values_list("name", flat=True))


def set_roles(by: User | str, person: User, roles: Iterable[str]) -> bool:
    """Give exactly these roles, and record it; return whether they are others than
    before.
    """
    before, after = role_names(person), sorted(roles)
    if before == after:
        return False
    person.groups.set(Group.objects.filter(name__in=after))
    detail = {"changed": [before, after]}
    record(by, Activity.What.ROLES, person.username, detail)
    return True


PASSWORD, SINGLE_SIGN_ON, NO_WAY = "password", "single sign-on", "none"
APP, PASSKEY, NO_FACTOR = "app", "passkey", "none"
USABLE = "usable"
NAMES = tuple(role.name for role in ROLES)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of `with_all`; nothing that is said of them asks for more."""

    user: User

    @property
    def roles(self) -> list[str]:
        """Name the roles by the groups, without the viewer's where another implies
        it.
        """
        groups = {group.name for group in self.user.groups.all()}
        names = [name for name in NAMES if name in groups]
        return [name for name in names if name != VIEWER.name] or names

    @property
    def ways(self) -> list[str]:
        """Say how they sign in; empty: they cannot yet."""
        ways = [SINGLE_SIGN_ON] if provider_of(self.user) else []
        return ways + [PASSWORD] * has_password(self.user)

    @property
    def seen_at(self) -> datetime | None:
        """Say when they last signed in, or confirmed with the provider who they are."""
        identity = identity_of(self.user)
        moments = [self.user.last_login, identity.seen_at if identity else None]
        return max((moment for moment in moments if moment), default=None)

    @property
    def sessions(self) -> int:
        return count_open(self.user)

    @property
    def factors(self) -> list[str]:
        """Name their second factors in Bowline: “app”, “2 passkeys”."""
        passkeys: int = vars(self.user)["passkey_count"]
        named = counted(passkeys, PASSKEY) if passkeys > 1 else PASSKEY
        has_app: bool = vars(self.user)["has_app"]
        return [APP] * has_app + [named] * (passkeys > 0)

    @property
    def tokens(self) -> int:
        """Count the tokens of the API that act as them now."""
        usable: int = vars(self.user)["usable_tokens"]
        return usable if self.user.is_active else 0

    @property
    def provider_asks(self) -> bool:
        """Return whether the second factor is a matter of the provider alone."""
        return not self.factors and self.ways == [SINGLE_SIGN_ON]


def by_way(way: str) -> Q:
    """Find who signs in this way, as `ways_of` names it."""
    provider = sign_on_provider()
    signed_on = Q(identity__issuer__in=[provider.issuer] if provider else [])
    password = ~Q(password__startswith="!") & ~Q(password="")
    if settings.PASSWORDS_FOR:
        password &= Q(username__in=settings.PASSWORDS_FOR)
    return {
        PASSWORD: password,
        SINGLE_SIGN_ON: signed_on,
        NO_WAY: ~password & ~signed_on,
    }[way]


def with_all(rows: QuerySet[User]) -> QuerySet[User]:
    """Load what a `Person` says, with as many queries for many as for one."""
    return (
        rows.select_related("identity")
        .prefetch_related("groups", with_sessions())
        .annotate(
            has_app=Exists(factors(keeping.APP)),
            passkey_count=count_of(factors(keeping.PASSKEY), by="user"),
            usable_tokens=count_of(tokens(), by="person"),
        )
    )


def factors(*kinds: str) -> QuerySet[Authenticator]:
    rows: QuerySet[Authenticator] = Authenticator.objects.all()
    return rows.filter(user=OuterRef("pk"), type__in=kinds)


def tokens() -> QuerySet[ApiToken]:
    return ApiToken.objects.usable().filter(person=OuterRef("pk"))


def count_of(rows: QuerySet[Any], *, by: str) -> Coalesce:
    """Count rows of each person, who may have none."""
    each = rows.order_by().values(by).annotate(count=Count("pk"))
    return Coalesce(Subquery(each.values("count")), 0)


def by_factor(name: str) -> Q:
    """Find who has this second factor in Bowline, or none."""
    return {
        APP: Q(Exists(factors(keeping.APP))),
        PASSKEY: Q(Exists(factors(keeping.PASSKEY))),
        NO_FACTOR: ~Q(Exists(factors(keeping.APP, keeping.PASSKEY))),
    }[name]


def by_tokens(_: str) -> Q:
    """Find for whom a token of the API acts now."""
    return Q(Exists(tokens()), is_active=True)


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
    kept = limits_by_hand(person) if provider_of(person) else limits_of(person)
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


logger = logging.getLogger(__name__)

KEY = re.compile(r"([0-9]{1,9})-([0-9a-z]{1,13}-[0-9a-f]{1,64})", re.ASCII)


class Links(PasswordResetTokenGenerator):
    """Signs with a salt of its own, and the time; a deactivated person has none."""

    key_salt = "accounts.web.people.forms"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.is_active}"


LINKS = Links()


def may_have_link(person: User) -> bool:
    """Return whether a password of Bowline's own would let the person in."""
    return person.is_active and may_use_password(person) and not provider_of(person)


def make_link(request: HttpRequest, person: User) -> str:
    """Make a link; where no password was chosen yet, earlier links end."""
    if not person.has_usable_password():
        person.set_unusable_password()
        person.save(update_fields=["password"])
    query = urlencode({"key": f"{person.pk}-{LINKS.make_token(person)}"})
    return full_url(request, f"{reverse('choose-password')}?{query}")


def hours() -> int:
    return settings.PASSWORD_RESET_TIMEOUT // 3600


def mailed(by: User, person: User, link: str) -> bool | None:
    """Mail the link to the person; None: there is no mail, or no address."""
    to = address_of(person)
    if not is_configured() or not to:
        return None
    message = EmailMessage(
        subject="Bowline: choose your password",
        body=(
            f"{one_line(by.get_username())} invited you to sign in to Bowline as "
            f"{one_line(person.get_username())}. Choose your "
            f"password:\n\n{link}\n\nThe link works once, for {hours()} hours. If it "
            "has expired, ask for another link.\n"
        ),
        to=[to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    try:
        message.send()
    except Exception as error:  # whatever smtplib and the network raise
        logger.warning("A link for %s wasn't mailed: %r", person.username, error)
        return False
    return True


def person_linked(key: str) -> User | None:
    """Return whom a link is for, locked; None: it has ended, or never was one."""
    found = KEY.fullmatch(key)
    if not found:
        return None
    rows = User.objects.select_for_update(of=("self",), no_key=True).select_related(
        "identity"
    )
    person = rows.filter(pk=int(found[1])).first()
    if person is None or not may_have_link(person):
        return None
    return person if LINKS.check_token(person, found[2]) else None


@login_not_required
@never_cache
@sensitive_post_parameters()
def choose_password(request: HttpRequest) -> HttpResponse:
    """Let whoever has the link choose the password, once."""
    key = request.POST.get("key") or request.GET.get("key", "")
    with transaction.atomic():
        person = person_linked(key)
        if person is None:
            return render(request, "people/link_ended.html", status=410)
        form: SetPasswordForm[Any] = SetPasswordForm(person, request.POST or None)
        if request.method == "POST" and form.is_valid():
            form.save()
            end(person, but=request.session)
            detail = {"by": "a one-time link", **address(request)}
            record(person, Activity.What.PASSWORD, person.username, detail)
            messages.success(request, "Your password is set. Sign in with it.")
            return redirect("sign-in")
    shown = {"form": form, "key": key, "person": person}
    return render(request, "people/choose.html", shown)
