"""Which accounts get the same policies, and how much room they take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, repeat
from itertools import count as count_from
from typing import NamedTuple

from onboarding.description.values import OF_VALUE
from onboarding.grants import Grant
from onboarding.providers.base import providers_of
from onboarding.resources.policy import (
    MANAGED_POLICY_LIMIT,
    Policy,
    QuotaExceeded,
    minified,
)
from onboarding.topology import Managed, Managing, Permissions


def interchangeable(managing: Managing, managed: Managed) -> Managed:
    """Drop the account's own identifiers, and nothing that its IAM depends on."""
    return replace(
        managed,
        providers=tuple(provider.in_aws() for provider in providers_of(managed)),
        name=managed.name if managing.owns_images(managed) else "this account",
        permissions=Permissions(),
        external_id="given" if managed.external_id else "",
        former_external_id="given" if managed.former_external_id else "",
        **OWN,
    )


OWN = {one.name: one.nothing for one in OF_VALUE if one.own}


def with_ids_of(managed: Managed, kind: Managed) -> Managed:
    """Give the account's own identifiers back to what it is interchangeable with."""
    return replace(
        kind,
        account_id=managed.account_id,
        external_id=managed.external_id,
        former_external_id=managed.former_external_id,
    )


POLICY_SETS = (
    "The first: only what Spinnaker's source calls, provider by provider, for reading "
    "and where it is chosen for deploying.",
    "Where images are baked with KMS keys, Packer may use each of them in its own "
    "Region only.",
)
"""The oldest first: an account on set 2 is missing what the third sentence says."""


class PolicySet(NamedTuple):
    number: int
    brings: str


def policy_sets_after(number: int) -> tuple[PolicySet, ...]:
    """List what came after that policy set, the oldest first."""
    sets = (PolicySet(*numbered) for numbered in enumerate(POLICY_SETS, start=1))
    return tuple(one for one in sets if one.number > number)


POLICIES_PER_HOLDER = 10
"""AWS's default quota of managed policies on a role or user."""


def packed(topics: Mapping[str, Sequence[Grant]]) -> dict[str, Policy]:
    """Make documents by name: NAME of the topic, then NAME-2 and so on.

    Raise QuotaExceeded where a single grant is too large for a document, or where a
    role cannot hold as many documents.
    """
    documents = {
        name if number == 1 else f"{name}-{number}": document
        for name, grants in topics.items()
        for number, document in enumerate(filled(name, grants), start=1)
    }
    if len(documents) > POLICIES_PER_HOLDER:
        raise QuotaExceeded(
            f"{len(documents)} policies are needed, and one role can have "
            f"{POLICIES_PER_HOLDER}. Choose fewer providers for the account."
        )
    return documents


def filled(name: str, grants: Sequence[Grant]) -> Iterator[Policy]:
    """Yield documents, each with as many of the next grants as it holds."""
    if not grants:
        return
    whole = document(*grants)
    if whole.size <= MANAGED_POLICY_LIMIT:  # as nearly all are
        yield whole
        return
    held: list[Grant] = []
    for grant in grants:
        if held and document(*held, grant).size > MANAGED_POLICY_LIMIT:
            yield document(*held)
            held = []
        document(grant).within(MANAGED_POLICY_LIMIT, f"{grant.sid} in policy {name}")
        held.append(grant)
    yield document(*held)


def document(*grants: Grant) -> Policy:
    return Policy.allowing(*(grant.statement for grant in grants))


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


def capacity(
    managing: Managing, roles: Iterable[str] = (), *, assumed: int, coming: int = 0
) -> Capacity:
    """Count the accounts that fit, given the roles of those that exist and of those
    that are described.
    """
    most = None if managing.organization else most_listed(managing, roles)
    return Capacity(assumed, most, coming)


def assume_policy_names(roles: Iterable[str]) -> tuple[str, ...]:
    """Name the policies that list these roles."""
    return tuple(islice(policy_names(), len([*in_policies(roles)])))


def policy_names() -> Iterator[str]:
    """Yield the names of the policies that let the identity assume roles, in order."""
    yield ASSUME_POLICY
    yield from (f"{ASSUME_POLICY}-{number}" for number in count_from(2))


def listed_up_to(managing: Managing, name: str, roles: Iterable[str] = ()) -> int:
    """Count the listed roles that fit where this is the last of those policies."""
    _, _, number = name.partition(f"{ASSUME_POLICY}-")
    return fitting(managing, roles, int(number or 1))


def assume_policy(roles: list[str]) -> Policy:
    return Policy.allowing(
        {"Sid": "AssumeManaged", "Action": "sts:AssumeRole", "Resource": roles}
    )


ROOM = MANAGED_POLICY_LIMIT - assume_policy(["", "x"]).size + len(minified("x"))
"""The characters that the roles of such a policy can take."""


def room_for(arn: str) -> int:
    """Count the characters that a role takes in a policy."""
    return len(minified(arn)) + 1


def in_policies(roles: Iterable[str]) -> Iterator[list[str]]:
    """Cut roles, in their order, into as many lists as AWS's quota needs."""
    some: list[str] = []
    left = ROOM
    for role in roles:
        room = room_for(role)
        if some and room > left:
            yield some
            some, left = [], ROOM
        some.append(role)
        left -= room
    if some:
        yield some


def fitting(managing: Managing, roles: Iterable[str], policies: int) -> int:
    """Count the roles that fit into these policies: these in their order, and then
    others with the usual name.
    """
    usual = repeat(managing.managed_role_arn("0" * 12))
    return sum(map(len, islice(in_policies(chain(roles, usual)), policies)))


def most_policies(managing: Managing) -> int:
    """Count the policies of the identity that can list roles."""
    return POLICIES_PER_HOLDER - (2 if managing.bakes else 1)


def most_listed(managing: Managing, roles: Iterable[str] = ()) -> int:
    """Count the accounts that fit into the listed form, all policies together."""
    return fitting(managing, roles, most_policies(managing))
