"""What was handed out to an account's owner, as it was then."""

from __future__ import annotations

from accounts.mapping.handing_off import described, versioned
from accounts.models import HandedOutText, HandOff, ManagedAccount, Run
from onboarding.topology import Managed, Managing


def keep_handed_out(run: Run, managing: Managing, managed: Managed) -> None:
    """Keep what the owner receives, unless the last version says the same."""
    assert run.account_id is not None
    given = versioned(run.account_id, managing, managed)
    mine = HandOff.objects.filter(account=run.account_id)
    last = mine.first()
    if last and not last.removed_at and last.text_id == given.digest:
        return
    text, _ = HandedOutText.objects.get_or_create(
        digest=given.digest, defaults={"text": given.text}
    )
    HandOff.objects.create(
        account_id=run.account_id,
        text=text,
        number=last.number + 1 if last else 1,
        stack_name=given.stack_name,
        region=given.region,
        by=run.approved_by,
        by_name=run.approved_by_name,
    )


def is_handed_out(row: ManagedAccount, managing: Managing, managed: Managed) -> bool:
    """Return whether the owner was given exactly this, and it was proved since."""
    if not (managed.is_handed_off and row.proof):
        return False
    last = HandOff.objects.in_force().filter(account=row.pk).first()
    return last is not None and last.text_id == described(managing, managed).digest
