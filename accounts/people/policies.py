"""Four eyes: in which environments whoever caused a change may not approve it."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from accounts.models import EnvironmentPolicy, ManagedAccount


class Policy(NamedTuple):
    environment: str
    four_eyes: bool
    is_chosen: bool
    """Whether an administrator decided; else it follows from the name."""


def usual(environment: str) -> bool:
    """Require a second person if the name says production, unless decided otherwise."""
    return "prod" in environment.lower()


def strict_among(environments: Collection[str]) -> frozenset[str]:
    """Return those of these environments that ask for a second person."""
    rows = EnvironmentPolicy.objects.filter(environment__in=environments)
    chosen = dict(rows.values_list("environment", "four_eyes"))
    return frozenset(name for name in environments if chosen.get(name, usual(name)))


def managing_is_strict() -> bool:
    """Return whether the managing account asks for a second person: it has the policy
    of the environment without a name.
    """
    return bool(strict_among({""}))


def policies() -> list[Policy]:
    """List the policy of each environment that is in use or was decided about."""
    chosen = dict(EnvironmentPolicy.objects.values_list("environment", "four_eyes"))
    used = ManagedAccount.objects.order_by().values_list("environment", flat=True)
    return [
        Policy(name, chosen.get(name, usual(name)), name in chosen)
        for name in sorted({"", *used.distinct(), *chosen})
    ]


def choose(environment: str, *, four_eyes: bool) -> None:
    EnvironmentPolicy.objects.update_or_create(
        environment=environment, defaults={"four_eyes": four_eyes}
    )
