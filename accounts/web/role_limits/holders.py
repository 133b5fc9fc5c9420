"""Who has a role, so that a page can say whom to ask where a button would be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from django.contrib.auth.models import User
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When, Window
from django.db.models.functions import RowNumber

from accounts.http import Request
from accounts.models import RoleLimit
from accounts.people.roles import (
    ADMINISTRATOR,
    NAMED,
    ROLES,
    VIEWER,
    UserRole,
    has_role,
)
from accounts.wording import listed

Holders = Mapping[str, Sequence[str]]
"""Names of a few people, by the role that they have."""

SUPERUSER = "superuser"
KEPT = "_bowline_holders"


def needed(
    request: Request,
    role: UserRole,
    doing: str,
    ask: Callable[[], str] | None = None,
) -> str:
    """Say which role this needs, and whom to ask; nothing to people with the role.
    `ask` says it where the page is about one decision.

    A role for some environments only is a matter of the page's own sentence.
    """
    if not request.user.is_authenticated or has_role(request.user, role):
        return ""
    says = ask() if ask else whom(role, holders_of(request))
    return f"You need the {role.name} role to {doing}. {says}"


def whom(role: UserRole, holders: Holders) -> str:
    """Say whom to ask: people with the role, or those who can give it."""
    superusers = holders.get(SUPERUSER, ())
    administrators = [*holders.get(ADMINISTRATOR.name, ()), *superusers]
    people = administrators if role is ADMINISTRATOR else holders.get(role.name, ())
    if people:
        return f"Ask {one_of(people)}."
    if administrators:
        return f"Ask an administrator ({one_of(administrators)})."
    return "No one has this role yet. Run manage.py createsuperuser."


def one_of(names: Sequence[str]) -> str:
    """Name the first three: “ada, bob, or cleo”."""
    return listed(sorted(set(names))[:NAMED], "or")


def holders_of(request: Request) -> Holders:
    """Name a few people of each role: read once for a request, and only if asked."""
    kept: Holders | None = getattr(request, KEPT, None)
    if kept is None:
        kept = holders()
        setattr(request, KEPT, kept)
    return kept


def holders() -> Holders:
    """Name the first people of each role who have it without a limit, by one query."""
    names = [role.name for role in ROLES if role is not VIEWER]
    limits = RoleLimit.objects.filter(person=OuterRef("pk"), role=OuterRef("group"))
    rows = (
        User.objects.filter(is_active=True)
        .annotate(group=F("groups__name"))
        .filter(Q(group__in=names) | Q(is_superuser=True))
        .filter(~Exists(limits))
        .annotate(
            role=Case(When(group__in=names, then=F("group")), default=Value(SUPERUSER)),
            place=Window(RowNumber(), partition_by=F("role"), order_by="username"),
        )
        .filter(place__lte=NAMED)
        .order_by("username")
    )
    found = defaultdict(list)
    for role, username in rows.values_list("role", "username"):
        found[role].append(username)
    return found
