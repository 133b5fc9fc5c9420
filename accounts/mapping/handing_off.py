"""What the owner of an account receives, as the account is described now."""

from __future__ import annotations

from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of
from accounts.models import ManagedAccount, ManagingAccount
from onboarding.handoff.hand_off import HandOff, hand_off
from onboarding.topology import Managed, Managing


def hand_off_of(managing: ManagingAccount, account: ManagedAccount) -> HandOff:
    """Describe it; the stack keeps the name under which it was first handed off.

    Raise DetailsError or QuotaExceeded where it cannot be described.
    """
    first = account.hand_offs.last()
    return described(
        managing_of(managing),
        managed_of(account),
        stack_name=first.stack_name if first else "",
    )


def described(managing: Managing, managed: Managed, *, stack_name: str = "") -> HandOff:
    """Describe it from values, with the reader role where it is chosen."""
    reader = bool(managed.reader_role)
    return hand_off(managing, managed, reader=reader, stack_name=stack_name)
