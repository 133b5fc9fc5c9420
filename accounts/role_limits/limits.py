"""Which environments a person's roles are for.

A limit takes away and never gives: without the role, there is nothing to limit. The
environment without a name is one, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.activity import record
from accounts.models import Activity, RoleLimit
from accounts.web.access import APPROVER, OPERATOR, UserRole, has_role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

    Person: TypeAlias = User | AnonymousUser

LIMITED = (OPERATOR, APPROVER)
"""The roles that can be limited: to see is everybody's, and an administrator's work is
about people and not about accounts.
"""

Limits: TypeAlias = Mapping[UserRole, frozenset[str] | None]
"""The environments that each role is for; None: every one."""

NONE = "no environment"
"""How the environment without a name is called."""

KEPT = "_bowline_role_limits"


class LimitRefused(ValueError):
    """The limit cannot be set; the message says why."""


def environments_of(person: Person, role: UserRole) -> frozenset[str] | None:
    """Return the environments that the person's role is limited to; None: to none."""
    return limits_of(person).get(role.name)


def limits_of(person: Person) -> Mapping[str, frozenset[str]]:
    """Return what each limited role is limited to: read once for a request's person."""
    kept: dict[str, frozenset[str]] | None = getattr(person, KEPT, None)
    if kept is None:
        kept = {}
        if person.pk is not None:
            rows = RoleLimit.objects.filter(person=person.pk)
            for name, environment in rows.values_list("role", "environment"):
                kept[name] = kept.get(name, frozenset()) | {environment}
        setattr(person, KEPT, kept)
    return kept


def may(person: Person, role: UserRole, environment: str) -> bool:
    """Return whether the person has the role, and has it in this environment."""
    inside = environments_of(person, role)
    return has_role(person, role) and (inside is None or environment in inside)


def may_everywhere(person: Person, role: UserRole) -> bool:
    return has_role(person, role) and environments_of(person, role) is None


def inside(person: Person, role: UserRole, field: str) -> Q:
    """Keep the rows whose environment, in this field, the person's role is for."""
    environments = environments_of(person, role)
    return Q() if environments is None else Q(**{f"{field}__in": sorted(environments)})


def waits_for(person: Person) -> Q:
    """Keep the plans that somebody with a limited role may approve; for everybody else
    all that wait. What all environments share is for nobody with a limit.
    """
    if not has_role(person, APPROVER):
        return Q()
    return inside(person, APPROVER, "account__environment")


def with_role_in(
    people: QuerySet[User], role: UserRole, environments: Iterable[str]
) -> QuerySet[User]:
    """Keep those of these people whose role is for one of these environments."""
    limits = RoleLimit.objects.filter(person=OuterRef("pk"), role=role.name)
    here = limits.filter(environment__in=list(environments))
    return people.filter(~Exists(limits) | Exists(here))


def limit(
    person: User,
    role: UserRole,
    environments: Collection[str] | None,
    by: User | str | None,
) -> bool:
    """Limit the person's role to these environments, or, None, to none, and record it;
    False where it is so already. Raise LimitRefused where it cannot be.
    """
    if role not in LIMITED:
        raise LimitRefused(f"The role {role.name} cannot be limited to environments.")
    if environments is not None and not environments:
        raise LimitRefused(
            f"Name an environment that the role {role.name} is for, or take the role "
            "away."
        )
    if by is not None and not isinstance(by, str) and by.pk == person.pk:
        raise LimitRefused("Another administrator limits your own roles.")
    wanted = None if environments is None else frozenset(environments)
    with transaction.atomic():
        # Two who do this at once do it one after the other.
        type(person)._default_manager.select_for_update().get(pk=person.pk)
        rows = RoleLimit.objects.filter(person=person, role=role.name)
        before = frozenset(rows.values_list("environment", flat=True)) or None
        if before == wanted:
            return False
        rows.exclude(environment__in=wanted or ()).delete()
        RoleLimit.objects.bulk_create(
            RoleLimit(person=person, role=role.name, environment=environment)
            for environment in sorted((wanted or frozenset()) - (before or frozenset()))
        )
        detail: dict[str, Any] = {
            "role": role.name,
            "environments": [written(before), written(wanted)],
        }
        record(by, Activity.What.ROLES, person.get_username(), detail)
    if hasattr(person, KEPT):
        delattr(person, KEPT)
    return True


def written(environments: frozenset[str] | None) -> list[str] | str:
    """Write a limit as the activity log keeps it."""
    if environments is None:
        return "every environment"
    return [environment or NONE for environment in sorted(environments)]


def named(environments: Iterable[str]) -> str:
    """Name environments in a sentence."""
    names = [environment or NONE for environment in sorted(set(environments))]
    return f"{', '.join(names[:-1])} and {names[-1]}" if names[1:] else "".join(names)
