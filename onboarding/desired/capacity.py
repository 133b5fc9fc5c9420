"""How many accounts fit into the policies by which Spinnaker's identity assumes roles.

AWS limits the size of a policy and how many an identity holds, so a list is finite.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from onboarding.desired.packing import POLICIES_PER_HOLDER
from onboarding.resources.policy import MANAGED_POLICY_LIMIT, Policy, minified
from onboarding.topology import Managing

ASSUME_POLICY = "BowlineAssumeManaged"
"""The policy that lets the identity assume managed roles, or the first of several."""
NEARLY_FULL = 0.8
"""The share of the accounts that fit from which an organization's form is advised."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many accounts Spinnaker's identity may assume, and how many more fit."""

    assumed: int
    most: int | None
    """None: an organization's accounts are not listed, so any number fits."""
    coming: int = 0
    """Described, and not assumed yet."""

    @property
    def wanted(self) -> int:
        return self.assumed + self.coming

    @property
    def left(self) -> int | None:
        """Count those that fit in addition to what exists and what is coming."""
        return None if self.most is None else max(0, self.most - self.wanted)

    @property
    def is_near_its_end(self) -> bool:
        """Return whether it is time to go over to the organization's form."""
        return self.most is not None and self.wanted >= NEARLY_FULL * self.most


def capacity(managing: Managing, *, assumed: int, coming: int = 0) -> Capacity:
    """Count the accounts that fit, given how many exist and how many are described."""
    most = None if managing.organization else most_listed(managing)
    return Capacity(assumed, most, coming)


def assume_policy_names(managing: Managing, count: int) -> tuple[str, ...]:
    """Name the policies that hold this number of listed roles."""
    pieces = ceil(count / roles_per_policy(managing))
    return tuple(
        ASSUME_POLICY + (f"-{number}" if number > 1 else "")
        for number in range(1, pieces + 1)
    )


def listed_up_to(managing: Managing, name: str) -> int:
    """Count the listed roles that fit where this is the last of those policies."""
    _, _, number = name.partition(f"{ASSUME_POLICY}-")
    return int(number or 1) * roles_per_policy(managing)


def assume_policy(roles: list[str]) -> Policy:
    return Policy.allowing(
        {"Sid": "AssumeManaged", "Action": "sts:AssumeRole", "Resource": roles}
    )


def roles_per_policy(managing: Managing) -> int:
    """Count the role ARNs that one managed policy holds; all are equally long."""
    arn = managing.managed_role_arn("0" * 12)
    frame = assume_policy(["", arn]).size - len(minified(arn))
    return (MANAGED_POLICY_LIMIT - frame) // (len(minified(arn)) + 1)


def most_listed(managing: Managing) -> int:
    """Count the accounts that fit into the listed form, all policies together."""
    others = 2 if managing.bakes else 1
    return roles_per_policy(managing) * (POLICIES_PER_HOLDER - others)
