"""Many proved accounts at once."""

from __future__ import annotations

import json

from accounts.models import ManagedAccount
from tests.accounts.spinnaker.deliveries.delivering import proved_row

FIRST, FIRST_ID = "account-0", "300000000000"


def many_proved(count: int) -> None:
    """Make so many accounts that the next bundle holds, all alike."""
    first = proved_row(FIRST, account_id=FIRST_ID)
    text = json.dumps(first.verified)
    ManagedAccount.objects.bulk_create(
        [copy(first, text, number) for number in range(1, count)], batch_size=500
    )


def copy(first: ManagedAccount, text: str, number: int) -> ManagedAccount:
    name, account_id = f"account-{number}", f"3{number:011}"
    own = text.replace(f'"{FIRST}"', f'"{name}"').replace(FIRST_ID, account_id)
    return ManagedAccount(
        name=name,
        account_id=account_id,
        regions=first.regions,
        state=first.state,
        verification=first.verification,
        verified=json.loads(own),
    )
