"""What must hold before an account can be handed off to its owner."""

from __future__ import annotations

from accounts.mapping.handing_off import hand_off_of
from accounts.mapping.managing import NoManagingAccount, managing_row
from accounts.models import ManagedAccount, ManagingAccount
from onboarding.details import DetailsError
from onboarding.handoff.hand_off import HandOff
from onboarding.resources.policy import QuotaExceeded


class ManagingUnproved(Exception):
    """The roles would trust an identity of which nobody knows whether it exists."""

    def __init__(self, managing: ManagingAccount, account: ManagedAccount) -> None:
        super().__init__(
            f"The owner of {account.name} creates roles that trust Spinnaker's "
            f"identity, and AWS refuses to trust what does not exist. Plan and verify "
            f"the managing account {managing.name} first."
        )


def refuse_unready(managing: ManagingAccount, account: ManagedAccount) -> None:
    """Raise ManagingUnproved where an account would be handed off too early."""
    if account.is_handed_off and not managing.proof:
        raise ManagingUnproved(managing, account)


NOT_READY = (DetailsError, ManagingUnproved, NoManagingAccount, QuotaExceeded)
"""Why there is no hand-off yet."""


def hand_off_now(account: ManagedAccount) -> HandOff:
    """Describe what its owner receives; raise one of NOT_READY."""
    managing = managing_row()
    refuse_unready(managing, account)
    return hand_off_of(managing, account)
