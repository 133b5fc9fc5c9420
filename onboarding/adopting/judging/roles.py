"""The roles that Spinnaker assumes: Bowline knows one name for all accounts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from onboarding import names
from onboarding.adopting.values import Account
from onboarding.partitions import PARTITIONS, Arn


class RoleName(NamedTuple):
    """A role that every account has under the same name."""

    partition: str
    name: str


def role_of(account: Account) -> RoleName | None:
    """Return the account's role where Bowline could describe it."""
    return None if refusal(account) else role_in(account)


def role_in(account: Account) -> RoleName:
    found = Arn.of(account.text("assumeRole"))
    return RoleName(found.partition, found.name)


def refusal(account: Account) -> str:
    """Say why Bowline could not describe the role; empty where it could."""
    role = account.text("assumeRole")
    if not role:
        return (
            "Spinnaker assumes no role for this account. Bowline describes accounts "
            "whose role Spinnaker assumes."
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
    if found.resource.count("/") > 1:
        return "The role has a path. Bowline's managed role has none."
    try:
        names.chain_role(found.name)
    except names.BadName as error:
        return str(error)
    return ""


def most_common(accounts: Iterable[Account]) -> RoleName | None:
    """Return the role that most accounts have; the first by name of several."""
    counts = Counter(filter(None, map(role_of, accounts)))
    best = max(counts.values(), default=0)
    return min((role for role, n in counts.items() if n == best), default=None)
