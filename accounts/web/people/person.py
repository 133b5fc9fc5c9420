"""What pages say of a person: how they sign in, with which roles, and when last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Q, QuerySet

from accounts.web.access import ROLES, VIEWER, has_password
from accounts.web.single_sign_on.groups import identity_of, provider_of
from accounts.web.single_sign_on.provider import providers
from accounts.web.you.sessions import count_open

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PASSWORD, SINGLE_SIGN_ON, NO_WAY = "password", "single sign-on", "none"
NAMES = tuple(role.name for role in ROLES)


@dataclass(frozen=True, slots=True)
class Person:
    user: User
    roles: list[str]
    ways: list[str]
    """How they sign in; empty: they cannot yet."""
    seen_at: datetime | None
    sessions: int


def described(user: User, by_person: dict[str, list[str]]) -> Person:
    """Describe somebody whose groups and identity are loaded; it asks nothing more."""
    return Person(
        user,
        roles_of_row(user),
        ways_of(user),
        seen_at(user),
        count_open(user, by_person),
    )


def is_of_provider(user: User) -> bool:
    return provider_of(user) is not None


def ways_of(user: User) -> list[str]:
    ways = [SINGLE_SIGN_ON] if is_of_provider(user) else []
    if has_password(user):
        ways.append(PASSWORD)
    return ways


def roles_of_row(user: User) -> list[str]:
    """Name the roles by the groups, without the viewer's where another implies it."""
    groups = {group.name for group in user.groups.all()}
    names = [name for name in NAMES if name in groups]
    return [name for name in names if name != VIEWER.name] or names


def seen_at(user: User) -> datetime | None:
    """Say when somebody last signed in, or confirmed with the provider who they are."""
    identity = identity_of(user)
    moments = [user.last_login, identity.seen_at if identity else None]
    return max((moment for moment in moments if moment), default=None)


def by_way(way: str) -> Q:
    """Find who signs in this way, as `ways_of` names it."""
    signed_on = Q(identity__issuer__in=[one.issuer for one in providers()])
    password = ~Q(password__startswith="!") & ~Q(password="")
    if settings.PASSWORDS_FOR:
        password &= Q(username__in=settings.PASSWORDS_FOR)
    known = {
        PASSWORD: password,
        SINGLE_SIGN_ON: signed_on,
        NO_WAY: ~password & ~signed_on,
    }
    return known.get(way, Q(pk__in=[]))


def with_all(rows: QuerySet[User]) -> QuerySet[User]:
    """Load what `described` reads."""
    return rows.select_related("identity").prefetch_related("groups")
