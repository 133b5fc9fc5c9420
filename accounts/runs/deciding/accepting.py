"""Accounts that were evaluated, not verified: who may accept which, and many at once.

Each is accepted by itself, by the rules of one: those that this person may not accept
keep no other back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from accounts.mapping.managing import managing_of
from accounts.models import ManagedAccount, ManagingAccount
from accounts.people.authors import authors_of_account
from accounts.people.deciding import judge
from accounts.people.reach import reach_of_account
from accounts.refused import Refused
from accounts.runs.actions import accept
from accounts.wording import for_count
from onboarding.partitions import Arn

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from accounts.people.authors import By

MOST_AT_ONCE = 200
"""The most accounts that are accepted in one request, a few seconds' worth."""
MOST_NAMED = 20
"""The most accounts that are left and listed; the rest are counted."""
KINDS = {"user": "the IAM user", "role": "the role"}


class Waiting(NamedTuple):
    account: ManagedAccount
    refused: str
    """Why this person can't accept it; empty: they can."""


class Accepted(NamedTuple):
    done: list[str]
    """The names of those that are accepted."""
    left: list[tuple[str, str]]
    """The names of the others, and why they aren't."""

    @property
    def reasons(self) -> list[str]:
        """Say of the first ones that are left why, and how many more there are."""
        first = [f"{name}: {why}" for name, why in self.left[:MOST_NAMED]]
        more = len(self.left) - MOST_NAMED
        return [*first, f"And {more:,} more."] if more > 0 else first


def waiting_for(by: By) -> list[Waiting]:
    """List the first accounts that wait, by name, each with who may not accept it."""
    rows = ManagedAccount.objects.to_accept().order_by("name")
    return [
        Waiting(one, "".join(judge(reach_of_account(one), authors_of_account(one), by)))
        for one in rows[:MOST_AT_ONCE]
    ]


def accept_many(accounts: Iterable[ManagedAccount], by: User | None) -> Accepted:
    """Accept each of these that waits and that this person may accept."""
    found = Accepted([], [])
    for account in accounts:
        try:
            accept(account, by)
        except Refused as error:
            found.left.append((account.name, str(error)))
        else:
            found.done.append(account.name)
    return found


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
