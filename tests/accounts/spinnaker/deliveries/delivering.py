"""A whole delivery of accounts that were proved, against a strict Gate, in no time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.mapping.entries import keep_verified
from accounts.models import Delivery, ManagedAccount
from accounts.models.states import State
from accounts.spinnaker.deliveries.decisions import approve, start
from accounts.spinnaker.deliveries.looking import Reached
from accounts.spinnaker.deliveries.stages import carry_on
from onboarding.delivery.releases import Release
from tests.onboarding.delivery.strict_gate import StrictGate
from tests.rows import account_row, approve_entries

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


def reach(strict: StrictGate, **fields: Any) -> Reached:
    plain = {
        "release": Release(2026, 2),
        "period": strict.period,
        "threads": 1,
        "now": lambda: BEGAN + timedelta(seconds=strict.clock.now),
    }
    return Reached(strict.gate, **{**plain, **fields})


def proved_row(name: str = "staging", **fields: Any) -> ManagedAccount:
    """Make an account that the next bundle holds."""
    state = {"state": State.VERIFIED, "verification": State.VERIFIED}
    return account_row(name, **{**state, **fields})


def prove_again(account: ManagedAccount, **fields: Any) -> None:
    """Let it be edited, planned, approved and proved."""
    for name, value in fields.items():
        setattr(account, name, value)
    account.save(update_fields=[*fields])
    approve_entries(account)
    keep_verified(account, State.VERIFIED)


def plan(strict: StrictGate, agreed: Iterable[str] = (), by: Any = None) -> Delivery:
    delivery = start(by, agreed=agreed)
    carry_on(delivery, reach(strict))
    delivery.refresh_from_db()
    return delivery


def deliver(strict: StrictGate, agreed: Iterable[str] = ()) -> Delivery:
    """Plan, approve and carry out."""
    delivery = plan(strict, agreed)
    if delivery.status == Delivery.Status.PLANNED:
        assert approve(delivery, None)
    return finish(strict, delivery)


def finish(strict: StrictGate, delivery: Delivery) -> Delivery:
    for _ in range(100):
        carry_on(delivery, reach(strict))
        delivery.refresh_from_db()
        if not delivery.is_working:
            return delivery
        strict.clock.sleep(15)
    raise AssertionError(f"{delivery} waits forever: {delivery.waiting}")
