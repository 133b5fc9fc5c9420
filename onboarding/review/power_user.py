"""AWS's PowerUserAccess, which Spinnaker's guide attaches, compared with a role.

It is counted in AWS's service authorization reference, service by service.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from onboarding.resources.policy import Policy
from onboarding.review.effective import all_actions, service_of

VERSION = "v12"
"""The version of the policy, of 12 February 2026."""

EXCLUDED = frozenset({"account", "iam", "organizations"})
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

DOCUMENT = Policy.allowing(
    {"NotAction": [f"{service}:*" for service in EXCLUDED], "Resource": "*"},
    {"Action": list(EXCEPTIONS), "Resource": "*"},
)

MOST_SERVICES = 15
"""The most services that are listed; the rest is summed."""


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
        return round(100 * self.shared / self.power_user, 1) if self.power_user else 100


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is granted and what PowerUserAccess allows, side by side."""

    services: tuple[Service, ...]
    """Those of which something is granted, the most first."""
    other_services: int
    other_actions: int
    lacking: tuple[str, ...] = ()
    """What is granted, and PowerUserAccess does not allow."""

    @property
    def granted(self) -> int:
        return sum(service.granted for service in self.services)

    @property
    def power_user(self) -> int:
        return self.other_actions + sum(s.power_user for s in self.services)

    @property
    def fewer(self) -> int:
        """Return by how much less is granted; below zero: more is."""
        return self.power_user - self.granted

    @property
    def share(self) -> float:
        return round(100 * self.granted / self.power_user, 1)

    @property
    def listed(self) -> tuple[Service, ...]:
        return self.services[:MOST_SERVICES]

    @property
    def unlisted(self) -> int:
        return self.other_services + len(self.services) - len(self.listed)

    @property
    def unlisted_granted(self) -> int:
        return self.granted - sum(service.granted for service in self.listed)

    @property
    def unlisted_power_user(self) -> int:
        return self.power_user - sum(service.power_user for service in self.listed)

    @property
    def unlisted_share(self) -> float:
        if not self.unlisted_power_user:
            return 0
        shared = sum(one.shared for one in self.services[MOST_SERVICES:])
        return round(100 * shared / self.unlisted_power_user, 1)


@cache
def power_user_actions() -> dict[str, int]:
    """Count what PowerUserAccess allows of each service."""
    actions = (one for some in all_actions().values() for one in some)
    return dict(Counter(service_of(one) for one in actions if is_power_users(one)))


def is_power_users(action: str) -> bool:
    """Return whether PowerUserAccess allows it."""
    return service_of(action) not in EXCLUDED or action in EXCEPTIONS


def counts_of(actions: Iterable[str]) -> dict[str, list[int]]:
    """Count different actions by service, and those that PowerUserAccess allows, too.

    Less than that would not do to compare them later.
    """
    chosen = set(actions)
    granted = Counter(map(service_of, chosen))
    shared = Counter(service_of(one) for one in chosen if is_power_users(one))
    return {name: [granted[name], shared[name]] for name in sorted(granted)}


def compare_with_power_user(actions: Iterable[str]) -> Comparison:
    """Compare actions, each listed once, with what PowerUserAccess allows."""
    chosen = sorted(set(actions))
    lacking = tuple(one for one in chosen if not is_power_users(one))
    return replace(compared_counts(counts_of(chosen)), lacking=lacking)


def compared_counts(counts: Mapping[str, list[int]]) -> Comparison:
    """Compare what `counted` counted."""
    allowed = power_user_actions()
    others = [count for name, count in allowed.items() if name not in counts]
    return Comparison(
        services=tuple(
            Service(name, counts[name][0], counts[name][1], allowed.get(name, 0))
            for name in sorted(counts, key=lambda name: (-counts[name][0], name))
        ),
        other_services=len(others),
        other_actions=sum(others),
    )
