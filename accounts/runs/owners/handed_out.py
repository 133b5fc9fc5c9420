"""What was handed out to an account's owner, as it was then."""

from __future__ import annotations

from accounts.mapping.handing_off import described
from accounts.models import HandedOutText, HandOff, ManagedAccount, Run
from onboarding.topology import Managed, Managing


def keep_handed_out(run: Run, managing: Managing, managed: Managed) -> None:
    """Keep what the owner receives, unless the last version says the same."""
    assert run.account_id is not None
    given = described(managing, managed)
    last = HandOff.objects.filter(account=run.account_id).first()
    if last and last.text_id == given.digest:
        return
    text, _ = HandedOutText.objects.get_or_create(
        digest=given.digest, defaults={"text": given.text}
    )
    HandOff.objects.create(
        account_id=run.account_id,
        text=text,
        number=last.number + 1 if last else 1,
        # An account that was renamed since must not get a second stack.
        stack_name=last.stack_name if last else given.stack_name,
        region=given.region,
        by=run.approved_by,
        by_name=run.approved_by_name,
    )


def is_handed_out(row: ManagedAccount, managing: Managing, managed: Managed) -> bool:
    """Return whether the owner was given exactly this, and it was proved since."""
    if not (managed.is_handed_off and row.proof):
        return False
    last = HandOff.objects.filter(account=row.pk).first()
    return last is not None and last.text_id == described(managing, managed).digest
