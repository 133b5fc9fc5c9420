"""How workers find deliveries, carry them, and put them down while they wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import tasks
from accounts.models import Delivery
from accounts.spinnaker.deliveries import stages
from accounts.spinnaker.deliveries.decisions import approve, start
from accounts.spinnaker.deliveries.stages import carry_on
from accounts.tasks import look_at_deliveries
from tests.accounts.spinnaker.deliveries.delivering import (
    finish,
    plan,
    prove_again,
    proved_row,
    reach,
)
from tests.onboarding.delivery.strict_gate import StrictGate

pytestmark = pytest.mark.django_db
Status = Delivery.Status


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch, managing) -> StrictGate:
    gate = StrictGate()

    def fake(**fields: Any) -> Any:
        return reach(gate, now=timezone.now, **fields)

    monkeypatch.setattr(stages, "reach", fake)
    return gate


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note each delivery that is sent for."""
    messages: list[int] = []
    monkeypatch.setattr(
        "accounts.work.queue.wake", lambda delivery: messages.append(delivery.pk)
    )
    return messages


def test_a_worker_plans_and_then_waits_for_a_person(
    strict: StrictGate, sent: list[int]
) -> None:
    proved_row()
    delivery = start(None)

    tasks.carry_on("delivery", str(delivery.pk))

    delivery.refresh_from_db()
    assert (delivery.status, delivery.lease) == (Status.PLANNED, None)
    assert sent == []


def test_a_delivery_is_put_down_while_spinnaker_polls(
    strict: StrictGate, sent: list[int]
) -> None:
    proved_row()
    delivery = plan(strict)
    approve(delivery, None)

    tasks.carry_on("delivery", str(delivery.pk))
    look_at_deliveries()
    early = list(sent)
    Delivery.objects.update(look_at=timezone.now() - timedelta(seconds=1))
    look_at_deliveries()

    delivery.refresh_from_db()
    assert (delivery.status, delivery.lease) == (Status.WATCHING, None)
    assert delivery.waiting == "Stored. Waiting until Spinnaker loads 1 account."
    assert (early, sent) == ([], [delivery.pk])


def test_a_second_copy_finds_the_lease_taken(strict: StrictGate) -> None:
    proved_row()
    delivery = start(None)
    assert Delivery.objects.get().take_lease()

    carry_on(delivery, reach(strict))

    assert strict.requests == []


def test_without_a_connection_a_delivery_says_so(sent: list[int]) -> None:
    delivery = start(None)

    tasks.carry_on("delivery", str(delivery.pk))

    delivery.refresh_from_db()
    assert delivery.status == Status.FAILED
    assert "Ask an administrator to connect it" in delivery.error["message"]


def test_what_is_proved_otherwise_in_the_middle_is_not_sent(
    strict: StrictGate,
) -> None:
    """The AWS account is stored; its ECS account waits."""
    account = proved_row(providers={"ec2": {}, "ecs": {}}, uses_external_id=False)
    delivery = plan(strict)
    approve(delivery, None)
    carry_on(delivery, reach(strict))
    account.providers.filter(key="ecs").delete()
    prove_again(account)

    finish(strict, delivery)

    assert delivery.status == Status.OUTDATED
    assert strict.names("PUT") == ["staging"]


def test_a_bug_ends_a_delivery_with_a_sentence(
    strict: StrictGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    proved_row()
    monkeypatch.setattr(strict, "page", lambda *_: 1 / 0)

    delivery = plan(strict)

    assert delivery.status == Status.FAILED
    assert delivery.error["message"].startswith(
        "Bowline encountered an internal error."
    )
    assert delivery.lease is None
