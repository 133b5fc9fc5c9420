"""The roles that Spinnaker assumes: one name is usual, and an account can have its own,
in one partition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

from onboarding import names
from onboarding.adopting.values import Account
from onboarding.partitions import PARTITIONS, Arn
from onboarding.topology import MANAGED_ROLE

T = TypeVar("T", str, "RoleName")


class RoleName(NamedTuple):
    """A role as accounts have it, whichever AWS account it is in."""

    partition: str
    name: str
    """With its path, where it has one: `spinnaker/deploy`."""


def role_of(account: Account) -> RoleName | None:
    """Return the account's role where Bowline could describe it."""
    return None if refusal(account) else role_in(account)


def role_in(account: Account) -> RoleName:
    found = Arn.of(account.text("assumeRole"))
    return RoleName(found.partition, found.resource.partition("/")[2])


def refusal(account: Account) -> str:
    """Say why Bowline could not describe the role; empty where it could."""
    role = account.text("assumeRole")
    if not role:
        return (
            "Spinnaker assumes no role for this account. Bowline only manages accounts "
            "with one: to add this account later, let Spinnaker assume a role in it."
        )
    found = Arn.of(role)
    if "{{" in role or "${" in role:
        return "Nothing here says which role this is."
    if found.kind != "role" or found.partition not in PARTITIONS:
        return (
            "This is no role that Bowline knows: it must be role/NAME or a role's ARN."
        )
    if found.account != account.text("accountId"):
        return (
            "The role is in another AWS account than the one that is named. Spinnaker "
            "never compares the two, and works with the role's account."
        )
    try:
        names.chain_role_in_path(role_in(account).name)
    except names.BadName as error:
        return str(error)
    return ""


def usual_role(accounts: Iterable[Account]) -> RoleName | None:
    """Return the role that most accounts have, in the partition of most: the first by
    name of several. It has no path; where all have one, Spinnaker's own name is usual.
    """
    counts = Counter(filter(None, map(role_of, accounts)))
    partitions = Counter(role.partition for role in counts.elements())
    if not partitions:
        return None
    partition = first_of_most(partitions)
    plain = {
        role: count
        for role, count in counts.items()
        if role.partition == partition and "/" not in role.name
    }
    return first_of_most(plain) if plain else RoleName(partition, MANAGED_ROLE)


def first_of_most(counts: Mapping[T, int]) -> T:
    """Return what is counted most; the first of several."""
    return min(counts, key=lambda one: (-counts[one], one))
