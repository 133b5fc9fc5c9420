"""What the owner of an account receives, as the account is described now."""

from __future__ import annotations

from uuid import UUID

from accounts.mapping.managed import assumed_roles, managed_of
from accounts.mapping.managing import managing_of, managing_row
from accounts.models import HandOff, ManagedAccount, ManagingAccount
from onboarding.handoff.hand_off import HandOffPackage, hand_off, hand_off_managing
from onboarding.topology import MadeBy, Managed, Managing


def prefix_for(made_by: str, held: str = "") -> str:
    """Return what an account's external ID begins with; empty: it has one of its own.

    What the account holds may be handed out already, so it stays.
    """
    if made_by != MadeBy.ORGANIZATION:
        return ""
    return held or managing_row().external_id_prefix


def hand_off_of(managing: ManagingAccount, account: ManagedAccount) -> HandOffPackage:
    """Describe it; the stack keeps the name under which it was first handed off.

    Raise DetailsError or QuotaExceeded where it cannot be described.
    """
    return versioned(account.pk, managing_of(managing), managed_of(account))


def versioned(account: UUID, managing: Managing, managed: Managed) -> HandOffPackage:
    """Describe it for the stack that the account has, or the StackSet that it joins."""
    first = HandOff.objects.in_force().filter(account=account).last()
    if first:
        return hand_off_of_values(managing, managed, stack_name=first.stack_name)
    given = hand_off_of_values(managing, managed)
    alike = HandOff.objects.newest().of_organization().filter(text=given.digest)
    joined = alike.order_by("pk").first() if given.stack_sets else None
    if joined is None or joined.stack_name == given.stack_name:
        return given
    return hand_off_of_values(managing, managed, stack_name=joined.stack_name)


def hand_off_of_values(
    managing: Managing, managed: Managed, *, stack_name: str = ""
) -> HandOffPackage:
    """Describe it from values, with the reader role where it is chosen. An account has
    one: the managing account's own hand-off holds it.
    """
    has_one = managing.is_handed_off and managed.account_id == managing.account_id
    reader = bool(managed.reader_role) and not has_one
    return hand_off(managing, managed, reader=reader, stack_name=stack_name)


def hand_off_of_managing(row: ManagingAccount) -> HandOffPackage:
    """Describe Spinnaker's identity with the list of all that it may assume now; raise
    DetailsError or QuotaExceeded.
    """
    managing = managing_of(row)
    first = HandOff.objects.of_managing().last()
    return hand_off_managing(
        managing,
        assumed_roles(managing),
        stack_name=first.stack_name if first else "",
    )
