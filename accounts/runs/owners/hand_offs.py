"""Hand-offs: whose they are, what must hold, what was handed out, and which
version an owner has.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from accounts.decisions.decision import decision
from accounts.mapping.handing_off import (
    hand_off_of,
    hand_off_of_managing,
    hand_off_of_values,
)
from accounts.mapping.managing import NoManagingAccount, managing_row
from accounts.models import (
    Activity,
    HandOff,
    HandOffText,
    ManagedAccount,
    ManagingAccount,
    Run,
)
from accounts.models.states import Status
from accounts.people.activity import record
from accounts.people.reach import DecisionReach, around, the_managing_account
from accounts.people.roles import OPERATOR
from accounts.refused import Refused
from onboarding.details import DetailsError
from onboarding.handoff.hand_off import HandOffPackage
from onboarding.resources.policy import QuotaExceeded
from onboarding.topology import Managed, Managing

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
    if isinstance(account, ManagedAccount):
        managing = managing_row()
        if not removes:  # which deletes, however the managing account fares
            refuse_unready(managing, account)
        return hand_off_of(managing, account)
    if not account.bowline_principal:
        raise ManagingUnplanned(
            f"Plan the managing account {account.name} first, because its plan "
            "determines which Bowline principal the roles must trust."
        )
    return hand_off_of_managing(account)


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


class ManagingNotVerified(Refused):
    """The roles would trust an identity of which nobody knows whether it exists."""

    code = "MANAGING_NOT_VERIFIED"


def refuse_unready(managing: ManagingAccount, account: ManagedAccount) -> None:
    """Raise ManagingNotVerified where roles would trust an identity that its owner has
    not created yet, or where an account would be handed off too early.
    """
    if managing.verification:
        return
    if managing.is_handed_off:
        raise ManagingNotVerified(
            f"The roles of {account.name} trust Spinnaker's identity, which the owner "
            f"of {managing.name} creates. Plan and verify the managing account "
            f"{managing.name} first."
        )
    if account.is_handed_off:
        raise ManagingNotVerified(
            f"The owner of {account.name} creates roles that trust Spinnaker's "
            "identity, and AWS doesn't accept a trust policy that names a principal "
            f"that doesn't exist. Plan and verify the managing account {managing.name} "
            "first."
        )


class ManagingUnplanned(Refused):
    """Its template would name no principal of Bowline's: no plan has found it yet."""

    code = "MANAGING_UNPLANNED"


NOT_READY = (
    ManagingUnplanned,
    DetailsError,
    ManagingNotVerified,
    NoManagingAccount,
    QuotaExceeded,
)
"""Why there is no hand-off yet."""


def record_hand_off(
    run: Run, given: HandOffPackage, account: ManagedAccount | None
) -> None:
    """Keep what an owner receives, unless the last version says the same."""
    last = HandOff.objects.filter(account=account).first()
    if last and not last.removed_at and last.text_id == given.digest:
        return
    text, _ = HandOffText.objects.get_or_create(
        digest=given.digest, defaults={"text": given.text}
    )
    HandOff.objects.create(
        account=account,
        text=text,
        number=last.number + 1 if last else 1,
        stack_name=given.stack_name,
        region=given.region,
        by=run.approved_by,
        by_name=run.approved_by_name,
    )


def is_latest_hand_off(
    row: ManagedAccount, managing: Managing, managed: Managed
) -> bool:
    """Return whether the owner was given exactly this, and it was proved since."""
    return bool(row.verification) and was_given(row, managing, managed)


def was_given(row: ManagedAccount, managing: Managing, managed: Managed) -> bool:
    """Return whether the owner was given exactly this last."""
    if not managed.is_handed_off:
        return False
    last = HandOff.objects.in_force().filter(account=row.pk).first()
    return (
        last is not None
        and last.text_id == hand_off_of_values(managing, managed).digest
    )


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
