"""What was handed out to an account's owner, as it was then."""

from __future__ import annotations

from accounts.mapping.handing_off import (
    hand_off_of_managing,
    hand_off_of_values,
    versioned,
)
from accounts.models import (
    HandOff,
    HandOffText,
    ManagedAccount,
    ManagingAccount,
    Run,
)
from onboarding.handoff.hand_off import HandOffPackage
from onboarding.topology import Managed, Managing


def keep_hand_off(run: Run, managing: Managing, managed: Managed) -> None:
    """Keep what the owner receives, unless the last version says the same."""
    assert run.account is not None
    record_hand_off(run, versioned(run.account.pk, managing, managed), run.account)


def keep_managing_hand_off(run: Run, row: ManagingAccount) -> None:
    """Keep what the managing account's owner receives, unless nothing is new."""
    record_hand_off(run, hand_off_of_managing(row), None)


def record_hand_off(
    run: Run, given: HandOffPackage, account: ManagedAccount | None
) -> None:
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
    if not (managed.is_handed_off and row.verification):
        return False
    last = HandOff.objects.in_force().filter(account=row.pk).first()
    return (
        last is not None
        and last.text_id == hand_off_of_values(managing, managed).digest
    )
