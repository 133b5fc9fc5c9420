"""Which environments a person's roles are for.

A limit takes away and never gives: without the role, there is nothing to limit. The
environment without a name is one, too. Administrators limit roles, and the person's
groups at the provider do: where both limit a role, it is for what both name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Activity, ManagedAccount, RoleLimit
from accounts.models.people import approved_outside
from accounts.people.activity import Decision, record_many
from accounts.people.role_limits.naming import LIMITED, NONE
from accounts.people.role_limits.reach import Reach
from accounts.people.roles import APPROVER, UserRole, has_role
from accounts.refused import Refused

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

    Person: TypeAlias = User | AnonymousUser

Limits: TypeAlias = Mapping[UserRole, Reach]

Limited: TypeAlias = Mapping[str, frozenset[str]]
"""The environments of each role that is limited."""

KEPT = "_bowline_role_limits"


class LimitRefused(Refused, ValueError):
    """The limit cannot be set; the message says why."""

    code = "INVALID"


def environments_of(person: Person, role: UserRole) -> Reach:
    """Return the environments that the person's role is limited to; None: to none."""
    return limits_of(person).get(role.name)


def limits_of(person: Person) -> Mapping[str, frozenset[str]]:
    """Return what each limited role is limited to: read once for a request's person."""
    kept: dict[str, frozenset[str]] | None = getattr(person, KEPT, None)
    if kept is None:
        rows = person.role_limits.all() if person.is_authenticated else ()
        by_hand, by_groups = sorted_out(rows)
        kept = {**by_hand, **by_groups}
        for name in by_hand.keys() & by_groups.keys():
            kept[name] = by_hand[name] & by_groups[name]
        setattr(person, KEPT, kept)
    return kept


def limits_by_hand(person: User) -> Limited:
    """Return what administrators limited the roles to."""
    return sorted_out(person.role_limits.all())[0]


def limits_by_groups(person: User) -> Limited:
    """Return what the groups limited the roles to at the last sign-in."""
    return sorted_out(person.role_limits.all())[1]


def sorted_out(rows: Iterable[RoleLimit]) -> tuple[Limited, Limited]:
    """Return the limits that administrators set, and those of the groups."""
    found: tuple[dict[str, frozenset[str]], ...] = ({}, {})
    for row in rows:
        some = found[row.by_groups]
        some[row.role] = some.get(row.role, frozenset()) | {row.environment}
    return found[0], found[1]


def may(person: Person, role: UserRole, environment: str) -> bool:
    """Return whether the person has the role, and has it in this environment."""
    inside = environments_of(person, role)
    return has_role(person, role) and (inside is None or environment in inside)


def inside(person: Person, role: UserRole, field: str) -> Q:
    """Keep the rows whose environment, in this field, the person's role is for, and the
    ones that their AWS accounts were approved in, too.
    """
    environments = environments_of(person, role)
    if environments is None:
        return Q()
    account_id = f"{field.removesuffix('environment')}account_id"
    within = Q(**{f"{field}__in": sorted(environments)})
    return within & ~approved_outside(environments, account_id)


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
    here = Q(environment__in=list(environments))
    limits = RoleLimit.objects.filter(person=OuterRef("pk"), role=role.name)
    by_hand, by_groups = (limits.filter(by_groups=which) for which in (False, True))
    same = RoleLimit.objects.filter(
        person=OuterRef("person"),
        role=OuterRef("role"),
        environment=OuterRef("environment"),
        by_groups=True,
    )
    return people.filter(
        (~Exists(by_hand) & ~Exists(by_groups))
        | (~Exists(by_groups) & Exists(by_hand.filter(here)))
        | (~Exists(by_hand) & Exists(by_groups.filter(here)))
        | Exists(by_hand.filter(here).filter(Exists(same)))
    )


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
        raise LimitRefused(f"The {role.name} role can't be limited to environments.")
    if environments is not None and not environments:
        raise LimitRefused(
            f"Enter at least one environment for the {role.name} role, or remove the "
            "role."
        )
    if by is not None and not isinstance(by, str) and by.pk == person.pk:
        raise LimitRefused("You can't limit your own roles. Ask another administrator.")
    wanted = None if environments is None else frozenset(environments)
    with transaction.atomic():
        # Two who do this at once do it one after the other.
        type(person)._default_manager.select_for_update(no_key=True).get(pk=person.pk)
        changed = put(person, role, wanted, by_groups=False)
        if changed is None:
            return False
        record_many(by, [changed])
    return True


def limit_by_groups(by: User | str, person: User, wanted: Mapping[str, Reach]) -> bool:
    """Limit each role to what the person's groups say of it now, by its name, and
    record it. Where no group limits a role, they leave no limit.
    """
    with transaction.atomic():
        type(person)._default_manager.select_for_update(no_key=True).get(pk=person.pk)
        each = [
            put(person, role, wanted.get(role.name), by_groups=True) for role in LIMITED
        ]
        if not any(each):
            return False
        record_many(by, filter(None, each))
    return True


def put(
    person: User, role: UserRole, wanted: Reach, *, by_groups: bool
) -> Decision | None:
    """Write what the role is limited to, None: to nothing; return what to record of it,
    or None where it is so already.
    """
    rows = RoleLimit.objects.filter(person=person, role=role.name, by_groups=by_groups)
    before = frozenset(rows.values_list("environment", flat=True)) or None
    if before == wanted:
        return None
    rows.exclude(environment__in=wanted or ()).delete()
    RoleLimit.objects.bulk_create(
        RoleLimit(person=person, role=role.name, environment=name, by_groups=by_groups)
        for name in sorted((wanted or frozenset()) - (before or frozenset()))
    )
    if hasattr(person, KEPT):
        delattr(person, KEPT)
    environments = "environments by groups" if by_groups else "environments"
    detail: dict[str, Any] = {
        "role": role.name,
        environments: [recorded_limit(before), recorded_limit(wanted)],
    }
    return Decision(Activity.What.ROLES, person.get_username(), detail)


def recorded_limit(environments: Reach) -> list[str] | str:
    """Write a limit as the activity log keeps it."""
    if environments is None:
        return "every environment"
    return [environment or NONE for environment in sorted(environments)]


def environments_without_accounts(environments: Iterable[str]) -> frozenset[str]:
    """Find what may be a mistake of writing: a limit to it leaves nothing to do."""
    wanted = frozenset(environments) - {""}
    rows = ManagedAccount.objects.filter(environment__in=wanted)
    return wanted.difference(rows.values_list("environment", flat=True).distinct())
