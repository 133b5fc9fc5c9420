"""Which version of a hand-off an owner has, and what shows that an update was made.

A reader role shows it. Without one, a chain that opens proves a first version, and a
later one only if AWS refused the chain since it was handed off: otherwise it opened all
along, and there is nothing but somebody's word.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import HandOff, ManagedAccount, Run


@dataclass(frozen=True, slots=True)
class Versions:
    has: HandOff | None
    """What the owner deployed last, as far as anybody knows."""
    last: HandOff | None
    """What was handed out last."""

    @property
    def is_update(self) -> bool:
        """Return whether the owner has an earlier version than the last one."""
        return self.has is not None and self.has != self.last


def versions_of(account: ManagedAccount) -> Versions:
    mine = account.hand_offs.in_force().select_related("text")
    return Versions(has=mine.deployed().first(), last=mine.first())


def unseen(run: Run) -> str:
    """Say that nothing shows whether the owner made the update; empty: something does,
    or it is the first version.
    """
    if run.account is None:
        return ""
    versions = versions_of(run.account)
    if not versions.is_update or run.is_refused:
        return ""
    assert versions.last is not None
    return (
        "Bowline can't read whether the owner deployed version "
        f"{versions.last.number}. Ask the owner, and mark it as updated."
    )


def owners_word(account: ManagedAccount) -> str:
    """Say whose word it is that the last version was deployed; empty: nobody's."""
    last = versions_of(account).last
    if last is None or last.said_at is None or last.found_at:
        return ""
    by = last.said_by_name or "somebody"
    return (
        f"{by} said on {last.said_at:%Y-%m-%d} that the owner deployed version "
        f"{last.number}; Bowline hasn't confirmed it. "
    )


def keep_found(account: UUID, at: datetime, *, read: bool) -> None:
    """Keep that the last version was found: read, or by a chain that opened, where it
    is not somebody's word alone.
    """
    last = HandOff.objects.newest().filter(account=account, found_at=None)
    (last if read else last.filter(said_at=None)).update(found_at=at)
