"""What must hold before an account can be handed off to its owner."""

from __future__ import annotations

from accounts.mapping.handing_off import hand_off_of, hand_off_of_managing
from accounts.mapping.managing import NoManagingAccount, managing_row
from accounts.models import ManagedAccount, ManagingAccount
from accounts.refused import Refused
from onboarding.details import DetailsError
from onboarding.handoff.hand_off import HandOffPackage
from onboarding.resources.policy import QuotaExceeded


class ManagingNotVerified(Refused):
    """The roles would trust an identity of which nobody knows whether it exists."""

    code = "MANAGING_NOT_VERIFIED"

    def __init__(self, managing: ManagingAccount, account: ManagedAccount) -> None:
        if managing.is_handed_off:
            super().__init__(
                f"The roles of {account.name} trust Spinnaker's identity, which the "
                f"owner of {managing.name} creates. Plan and verify the managing "
                f"account {managing.name} first."
            )
            return
        super().__init__(
            f"The owner of {account.name} creates roles that trust Spinnaker's "
            "identity, and AWS doesn't accept a trust policy that names a principal "
            f"that doesn't exist. Plan and verify the managing account {managing.name} "
            "first."
        )


def refuse_unready(managing: ManagingAccount, account: ManagedAccount) -> None:
    """Raise ManagingNotVerified where roles would trust an identity that its owner has
    not created yet, or where an account would be handed off too early.
    """
    owned = account.is_handed_off or managing.is_handed_off
    if owned and not managing.verification:
        raise ManagingNotVerified(managing, account)


class ManagingUnplanned(Refused):
    """Its template would name no principal of Bowline's: no plan has found it yet."""

    code = "MANAGING_UNPLANNED"

    def __init__(self, managing: ManagingAccount) -> None:
        super().__init__(
            f"Plan the managing account {managing.name} first, because its plan "
            "determines which Bowline principal the roles must trust."
        )


NOT_READY = (
    ManagingUnplanned,
    DetailsError,
    ManagingNotVerified,
    NoManagingAccount,
    QuotaExceeded,
)
"""Why there is no hand-off yet."""


def hand_off_managing_now(row: ManagingAccount) -> HandOffPackage:
    """Describe what the managing account's owner receives; raise one of NOT_READY."""
    if not row.bowline_principal:
        raise ManagingUnplanned(row)
    return hand_off_of_managing(row)


def hand_off_now(account: ManagedAccount) -> HandOffPackage:
    """Describe what its owner receives; raise one of NOT_READY."""
    managing = managing_row()
    refuse_unready(managing, account)
    return hand_off_of(managing, account)
