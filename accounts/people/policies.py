"""Four eyes: in which environments whoever caused a change may not approve it."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain
from typing import NamedTuple

from accounts.models import EnvironmentPolicy, ManagedAccount
from accounts.models.people import HOMES


class Policy(NamedTuple):
    environment: str
    second_approver: bool
    is_chosen: bool
    """Whether an administrator decided; else it follows from the name."""
    off_asked_by: str = ""
    """Who asked to switch it off; empty: nobody."""


def usual(environment: str) -> bool:
    """Require a second person if the name says production, unless decided otherwise;
    and without a name, once any account has one: it may be left out to get around that.
    """
    if environment:
        return is_production(environment)
    return any(environments())


def is_production(environment: str) -> bool:
    """Return whether the name says so, as people shorten it."""
    return any(word in environment.lower() for word in ("prod", "prd"))


def environments() -> set[str]:
    """List the environments that an account is described in, or an AWS account was
    approved in, whether it is still in Bowline or not.
    """
    tables = (model.objects.order_by() for model in (ManagedAccount, *HOMES))
    found = (rows.values_list("environment", flat=True).distinct() for rows in tables)
    return {*chain.from_iterable(found)}


def strict_among(environments: Collection[str]) -> frozenset[str]:
    """Return those of these environments that ask for a second person."""
    rows = EnvironmentPolicy.objects.filter(environment__in=environments)
    chosen = dict(rows.values_list("environment", "second_approver"))
    return frozenset(
        name
        for name in environments
        if (chosen[name] if name in chosen else usual(name))
    )


def managing_is_strict() -> bool:
    """Return whether the managing account asks for a second person: it does where any
    environment does, as all of them share it. So does an account of which nobody knows
    the environment. The one without a name counts if somebody decided about it.
    """
    named = (one for one in policies() if one.environment or one.is_chosen)
    return any(policy.second_approver for policy in named)


def policies() -> list[Policy]:
    """List the policy of each environment that is in use or was decided about."""
    rows = EnvironmentPolicy.objects.select_related("off_asked_by")
    chosen = {row.environment: row for row in rows}
    names = sorted({"", *environments(), *chosen})
    return [policy_of(name, chosen.get(name)) for name in names]


def policy_of(name: str, row: EnvironmentPolicy | None) -> Policy:
    if row is None:
        return Policy(name, usual(name), is_chosen=False)
    asked = row.off_asked_by
    return Policy(
        name, row.second_approver, True, asked.get_username() if asked else ""
    )


def choose(environment: str, *, second_approver: bool) -> None:
    EnvironmentPolicy.objects.update_or_create(
        environment=environment,
        defaults={"second_approver": second_approver, "off_asked_by": None},
    )
