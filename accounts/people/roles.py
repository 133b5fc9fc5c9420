"""Who may do what: the roles.

A role is a group made by a migration, and is known by one permission.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from accounts.wording import listed

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


class UserRole(NamedTuple):
    name: str
    permission: str
    """The permission that identifies the role."""
    does: str


VIEWER = UserRole(
    "viewer", "accounts.view_managedaccount", "views accounts, runs, and bundles"
)
OPERATOR = UserRole(
    "operator",
    "accounts.onboard_account",
    "adds, plans, and verifies accounts, and builds and downloads bundles",
)
APPROVER = UserRole("approver", "accounts.approve_run", "approves and discards plans")
ADMINISTRATOR = UserRole(
    "administrator", "auth.change_user", "assigns roles and changes settings"
)
ROLES = (VIEWER, OPERATOR, APPROVER, ADMINISTRATOR)
NAMED = 3
"""How many people a sentence names."""


def has_role(person: User | AnonymousUser, role: UserRole) -> bool:
    return person.has_perm(role.permission)


def roles_of(person: User | AnonymousUser) -> tuple[str, ...]:
    """Name the roles, and leave out the viewer's where another implies it."""
    names = tuple(role.name for role in ROLES if has_role(person, role))
    return names if names == (VIEWER.name,) else names[1:]


def may_use_password(person: User | AnonymousUser) -> bool:
    """Return whether the person may sign in by a password of Bowline's own."""
    names = settings.PASSWORDS_FOR
    return not names or person.get_username() in names


def has_password(person: User) -> bool:
    """Return whether the person signs in here, and not at the single sign-on."""
    return may_use_password(person) and person.has_usable_password()


def active_administrators() -> QuerySet[User]:
    """Find the people who can give roles."""
    given = Q(is_superuser=True) | Q(groups__name=ADMINISTRATOR.name)
    people = get_user_model()._default_manager
    return people.filter(given, is_active=True).distinct()


def administrators() -> list[str]:
    """Name the people who can give roles."""
    return sorted(active_administrators().values_list("username", flat=True))


def whom_to_ask() -> str:
    """Name some who can give roles: “ada, bob, cleo, and 4 others”."""
    return some_of(administrators()) or "none yet: run manage.py createsuperuser"


def some_of(names: Sequence[str], *, count: int | None = None) -> str:
    """Name the first three, and say how many more there are."""
    named, more = names[:NAMED], (count or len(names)) - NAMED
    if more > 0:
        return listed([*named, "1 other" if more == 1 else f"{more:,} others"])
    return ", ".join(named)


def refusal(role: UserRole) -> str:
    """Say which role is needed, and who can assign it."""
    return (
        f"You need the {role.name} role to do this. "
        f"Ask an administrator ({whom_to_ask()})."
    )
