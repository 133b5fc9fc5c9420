"""AWS's PowerUserAccess, which Spinnaker's guide attaches, compared with the grants.

power_user.json counts what it allows in AWS's service authorization reference, service
by service. A test counts again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).with_suffix(".json")

VERSION = "v12"
"""The version of the policy, of 12 February 2026."""

LEFT_OUT = frozenset({"account", "iam", "organizations"})
"""Services that it leaves out."""

EXCEPTIONS = frozenset(
    {
        "account:GetAccountInformation",
        "account:GetGovCloudAccountInformation",
        "account:GetPrimaryEmail",
        "account:ListRegions",
        "iam:CreateServiceLinkedRole",
        "iam:DeleteServiceLinkedRole",
        "iam:ListRoles",
        "organizations:DescribeEffectivePolicy",
        "organizations:DescribeOrganization",
    }
)
"""What it still allows of those."""


@dataclass(frozen=True, slots=True)
class Service:
    """One of AWS's services, in numbers of actions."""

    name: str
    """As actions begin with it."""
    granted: int
    shared: int
    """Of those granted, the ones that PowerUserAccess allows too."""
    power_user: int

    @property
    def share(self) -> float:
        """Tell how much of what PowerUserAccess allows is granted, in per cent."""
        return round(100 * self.shared / self.power_user, 1)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is granted and what PowerUserAccess allows, side by side."""

    services: tuple[Service, ...]
    """Those of which something is granted, the most first."""
    other_services: int
    other_actions: int
    lacking: tuple[str, ...]
    """What is granted, and PowerUserAccess does not allow."""

    @property
    def granted(self) -> int:
        return sum(service.granted for service in self.services)

    @property
    def power_user(self) -> int:
        return self.other_actions + sum(s.power_user for s in self.services)

    @property
    def fewer(self) -> int:
        return self.power_user - self.granted

    @property
    def share(self) -> float:
        return round(100 * self.granted / self.power_user, 1)

    @property
    def both(self) -> int:
        """Count what is allowed where PowerUserAccess is attached, too."""
        return self.power_user + len(self.lacking)


@cache
def power_user_actions() -> dict[str, int]:
    """Count what PowerUserAccess allows of each service."""
    counted: dict[str, int] = json.loads(DATA.read_text(encoding="utf-8"))
    return counted


def is_power_users(action: str) -> bool:
    """Return whether PowerUserAccess allows it."""
    return service_of(action) not in LEFT_OUT or action in EXCEPTIONS


def service_of(action: str) -> str:
    return action.split(":")[0]


def compared(actions: Iterable[str]) -> Comparison:
    """Compare actions, each listed once, with what PowerUserAccess allows."""
    chosen = sorted(set(actions))
    granted = Counter(map(service_of, chosen))
    shared = Counter(service_of(a) for a in chosen if is_power_users(a))
    allowed = power_user_actions()
    others = [count for name, count in allowed.items() if name not in granted]
    return Comparison(
        services=tuple(
            Service(name, granted[name], shared[name], allowed[name])
            for name in sorted(granted, key=lambda name: (-granted[name], name))
        ),
        other_services=len(others),
        other_actions=sum(others),
        lacking=tuple(a for a in chosen if not is_power_users(a)),
    )
