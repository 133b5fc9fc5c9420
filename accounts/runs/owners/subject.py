"""Whose hand-off it is: a managed account's, or the managing account's."""

from __future__ import annotations

from accounts.mapping.handing_off import hand_off_of
from accounts.mapping.managing import managing_row
from accounts.models import HandOff, ManagedAccount, ManagingAccount, Run
from accounts.models.states import Status
from accounts.runs.owners.readiness import hand_off_managing_now, hand_off_now
from onboarding.handoff.hand_off import HandOffPackage

Subject = ManagedAccount | ManagingAccount

NOT_HANDED_OFF = "This account isn't handed off."


def hand_off_for(account: Subject, *, removes: bool = False) -> HandOffPackage:
    """Describe what its owner receives; raise one of NOT_READY."""
    if isinstance(account, ManagingAccount):
        return hand_off_managing_now(account)
    # What is removed is deleted, however the managing account fares.
    return hand_off_of(managing_row(), account) if removes else hand_off_now(account)


def last_hand_off(account: Subject) -> HandOff | None:
    if isinstance(account, ManagingAccount):
        return HandOff.objects.of_managing().first()
    return account.hand_offs.in_force().first()


def waiting_run(account: Subject) -> Run | None:
    """Find the run of its own that waits for its owner."""
    waiting = Run.objects.filter(status=Status.HANDED_OFF)
    if isinstance(account, ManagingAccount):
        return waiting.filter(kind=Run.Kind.MANAGING).first()
    return waiting.filter(account=account).first()
