"""Accounts that were evaluated, not verified: who may accept which."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from accounts.decisions.many import who_may
from accounts.mapping.managing import managing_of
from accounts.models import ManagedAccount, ManagingAccount
from accounts.runs.actions import accept
from accounts.wording import for_count
from onboarding.partitions import Arn

if TYPE_CHECKING:
    from accounts.people.authors import By

MOST_AT_ONCE = 200
"""The most accounts that are accepted in one request, a few seconds' worth."""
KINDS = {"user": "the IAM user", "role": "the role"}


class Waiting(NamedTuple):
    account: ManagedAccount
    refused: str
    """Why this person can't accept it; empty: they can."""


def waiting_for(by: By) -> list[Waiting]:
    """List the first accounts that wait, by name, each with who may not accept it."""
    rows = ManagedAccount.objects.to_accept().order_by("name")[:MOST_AT_ONCE]
    refused = {one.pk: why for one, why in who_may(accept, rows, by).reasons}
    return [Waiting(one, refused.get(one.pk, "")) for one in rows]


def identity_in_words(row: ManagingAccount) -> str:
    """Name what Spinnaker runs as, such as “the IAM user spinnaker”."""
    found = Arn.of(managing_of(row).identity_arn)
    return f"{KINDS.get(found.kind, found.kind)} {found.name}"


def waiting_in_words(count: int, row: ManagingAccount) -> str:
    """Say what happened to accounts that wait, and what somebody must do."""
    who = identity_in_words(row)
    read = (
        f"evaluated, not verified: Bowline can't assume {who}, which Spinnaker runs "
        "as, and only read the policies. Bundles include"
    )
    return for_count(
        count,
        f"1 account was {read} it after an approver accepts it.",
        f"{{count}} accounts were {read} them after an approver accepts them.",
    )
