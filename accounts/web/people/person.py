"""What pages say of a person: how they sign in, with which roles, and when last; and
what else acts as them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.factors import keeping
from accounts.models import ApiToken
from accounts.people.roles import ROLES, VIEWER, has_password
from accounts.web.single_sign_on.identity import identity_of, provider_of
from accounts.web.single_sign_on.provider import sign_on_provider
from accounts.web.you.sessions import count_open, with_sessions
from accounts.wording import counted

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PASSWORD, SINGLE_SIGN_ON, NO_WAY = "password", "single sign-on", "none"
APP, PASSKEY, NO_FACTOR = "app", "passkey", "none"
USABLE = "usable"
NAMES = tuple(role.name for role in ROLES)


@dataclass(frozen=True, slots=True)
class Person:
    user: User
    roles: list[str]
    ways: list[str]
    """How they sign in; empty: they cannot yet."""
    seen_at: datetime | None
    sessions: int
    factors: list[str]
    """Their second factors in Bowline: “app”, “2 passkeys”."""
    tokens: int
    """How many tokens of the API act as them now."""

    @property
    def provider_asks(self) -> bool:
        """Return whether the second factor is a matter of the provider alone."""
        return not self.factors and self.ways == [SINGLE_SIGN_ON]


def person_of(user: User) -> Person:
    """Describe somebody of `with_all`; it asks nothing more."""
    return Person(
        user,
        roles_of_row(user),
        ways_of(user),
        seen_at(user),
        count_open(user),
        factors_of(user),
        vars(user)["usable_tokens"] if user.is_active else 0,
    )


def is_of_provider(user: User) -> bool:
    return provider_of(user) is not None


def ways_of(user: User) -> list[str]:
    ways = [SINGLE_SIGN_ON] if is_of_provider(user) else []
    if has_password(user):
        ways.append(PASSWORD)
    return ways


def factors_of(user: User) -> list[str]:
    """Name the second factors of somebody of `with_all`."""
    passkeys: int = vars(user)["passkey_count"]
    named = counted(passkeys, PASSKEY) if passkeys > 1 else PASSKEY
    has_app = vars(user)["has_app"]
    return [APP] * has_app + [named] * (passkeys > 0)


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
    """Load what `described` reads, with as many queries for many as for one."""
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
