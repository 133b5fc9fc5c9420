"""Whose hand-off it is: a managed account's, or the managing account's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.decisions.decision import decision
from accounts.mapping.handing_off import hand_off_of
from accounts.mapping.managing import managing_row
from accounts.models import Activity, HandOff, ManagedAccount, ManagingAccount, Run
from accounts.models.states import Status
from accounts.people.activity import record
from accounts.people.reach import DecisionReach, around, the_managing_account
from accounts.people.roles import OPERATOR
from accounts.refused import Refused
from accounts.runs.owners.readiness import hand_off_managing_now, hand_off_now
from onboarding.handoff.hand_off import HandOffPackage

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Subject = ManagedAccount | ManagingAccount


NOT_HANDED_OFF = "This account isn't handed off."


class NotHandedOff(Refused):
    """Nobody but Bowline creates these roles."""

    code = "NOT_HANDED_OFF"


def reach_of_subject(account: Subject, *, locks: bool = False) -> DecisionReach:
    if isinstance(account, ManagingAccount):
        return the_managing_account()
    return around(account, locks=locks)


@decision(
    "download what an owner runs",
    OPERATOR,
    Activity.What.DOWNLOAD,
    touches=reach_of_subject,
)
def hand_out(
    account: Subject, by: User | None, *, removes: bool = False
) -> HandOffPackage:
    """Describe what its owner receives for whoever takes it; raise NotHandedOff, or one
    of NOT_READY.
    """
    if not account.is_handed_off:
        raise NotHandedOff(NOT_HANDED_OFF)
    one = hand_off_for(account, removes=removes)
    record(by, Activity.What.DOWNLOAD, account.name, {"hand_off": one.digest})
    return one


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
