"""Who somebody is, and may do, by what the provider says of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from accounts.models import Activity, Identity
from accounts.people.activity import record
from accounts.people.look_alikes import mixes_alphabets, twin_of
from accounts.people.role_limits.limits import limit_by_groups
from accounts.web.people.forms import set_roles
from accounts.web.single_sign_on.provider import SingleSignOn
from accounts.web.single_sign_on.roles import granted
from accounts.web.you.sessions import end
from onboarding.names import visible

What = Activity.What
FRESH = 120
"""Seconds since the provider asked for the password, or for what it asks instead."""

LONGEST_SUBJECT = 255


class Refused(Exception):
    """The provider knows the person, and Bowline does not let them in."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the provider said of somebody: the claims that are used."""

    subject: str
    name: str
    names: Mapping[str, str]
    """By the columns of a user: the email address, and the other names."""
    groups: tuple[str, ...]
    asked_at: float | None
    """When the provider last asked who it is, in seconds since 1970."""

    @classmethod
    def of(cls, claims: Mapping[str, Any], *, claim: str) -> Said:
        """Read the claims; raise Refused where they are none, or say no groups."""
        groups = claims.get(claim)
        if isinstance(groups, str):
            groups = [groups]
        if not isinstance(groups, list):
            raise Refused(
                f"The provider didn't send your groups: the {claim} claim is missing. "
                "Ask the provider's administrator to add the claim to Bowline's "
                "client."
            )
        asked = claims.get("auth_time")
        return cls(
            subject=subject_in(claims),
            name=username_in(claims),
            names={
                "email": email_in(claims),
                "first_name": text_in(claims, "given_name"),
                "last_name": text_in(claims, "family_name"),
            },
            groups=tuple(str(group) for group in groups),
            asked_at=asked if isinstance(asked, int | float) else None,
        )

    @property
    def groups_kept(self) -> list[str]:
        """Write the groups as every database takes them."""
        return [visible(group) for group in self.groups]

    @property
    def is_fresh(self) -> bool:
        """Return whether the provider asked just now; clocks may differ a little."""
        return self.asked_at is not None and abs(time.time() - self.asked_at) < FRESH


def subject_in(claims: Mapping[str, Any]) -> str:
    """Return the subject as it is: a changed one would be somebody else's."""
    subject = claims.get("sub")
    if (
        not isinstance(subject, str)
        or not 0 < len(subject) <= LONGEST_SUBJECT
        or visible(subject).strip() != subject
    ):
        raise Refused(
            "The provider sent a subject that Bowline can't store. A subject has up "
            f"to {LONGEST_SUBJECT} visible characters."
        )
    return subject


def username_in(claims: Mapping[str, Any]) -> str:
    wanted = (claims.get(name) for name in ("preferred_username", "email", "sub"))
    # As Django's forms do (NFKC): what looks the same is the same name.
    name = User.normalize_username(next(str(one) for one in wanted if one))
    try:
        User.username_validator(name)
    except ValidationError:
        name = ""
    if mixes_alphabets(name):
        raise Refused(
            f"Your user name from the identity provider, {name}, mixes alphabets with "
            "letters that look alike. Ask the provider's administrator for another "
            "name."
        )
    if not name or len(name) > 150 or visible(name) != name:
        raise Refused(
            "Your user name from the identity provider contains unsupported "
            "characters. A name has up to 150 letters, digits, and the characters @ "
            ". + - _"
        )
    return name


def email_in(claims: Mapping[str, Any]) -> str:
    email = text_in(claims, "email", longest=254)
    try:
        validate_email(email)
    except ValidationError:
        return ""
    return email


def text_in(claims: Mapping[str, Any], name: str, *, longest: int = 150) -> str:
    text = claims.get(name)
    return visible(text)[:longest] if isinstance(text, str) else ""


def person_of(said: Said, provider: SingleSignOn, session: SessionBase) -> User:
    """Return the person, made at the first sign-in, with the roles that the groups have
    now, where they name environments in these only. Raise Refused without a role: who
    had one loses it, and is signed out.
    """
    with transaction.atomic():
        person = known(said, provider)
        roles = granted(said.groups, provider.roles)
        if person is None and roles:
            person = made(said, provider)
        if person is not None:
            set_roles(provider.name, person, roles)
            limit_by_groups(provider.name, person, roles)
            if not roles:
                end(person, but=session)
    if not roles or person is None:
        raise Refused(
            "None of your groups has a role in Bowline. Ask a Bowline administrator "
            "to assign a role to one of your groups, or the provider's administrator "
            "to add you to a group."
        )
    if not person.is_active:
        raise Refused("A Bowline administrator deactivated your user.")
    return person


def known(said: Said, provider: SingleSignOn) -> User | None:
    """Return the person of this subject, with the names that the provider has now."""
    rows = Identity.objects.filter(issuer=provider.issuer, subject=said.subject)
    identity = rows.select_related("person").first()
    if identity is None:
        return None
    rows.update(seen_at=timezone.now(), groups=said.groups_kept)
    person = identity.person
    if any(getattr(person, name) != value for name, value in said.names.items()):
        User.objects.filter(pk=person.pk).update(**said.names)
    return person


def made(said: Said, provider: SingleSignOn) -> User:
    """Make the person; raise Refused where the name is, or looks like, somebody
    else's.
    """
    twin = twin_of(said.name)
    if twin.casefold() == said.name.casefold():
        raise Refused(
            f"A local user named {said.name} already exists. Ask an administrator to "
            "rename it."
        )
    if twin:
        raise Refused(
            f"Your user name from the identity provider, {said.name}, looks like the "
            f"existing name {twin} in other letters. Ask the provider's administrator "
            "for another name."
        )
    person = User(username=said.name, **said.names)
    person.set_unusable_password()
    person.save()
    Identity.objects.create(
        person=person,
        issuer=provider.issuer,
        subject=said.subject,
        seen_at=timezone.now(),
        groups=said.groups_kept,
    )
    detail = {"issuer": provider.issuer, "subject": said.subject}
    record(provider.name, What.PERSON, person.username, detail)
    return person
