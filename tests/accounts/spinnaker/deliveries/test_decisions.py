"""Who may decide about a delivery, and that there is one at a time."""

from __future__ import annotations

import pytest

from accounts.models import Delivery
from accounts.models.people import MovedMeanwhile
from accounts.people.deciding import PlanChanged, SamePerson
from accounts.people.policies import choose
from accounts.spinnaker.deliveries.decisions import (
    DeliveryOpen,
    approve,
    discard,
    start,
)
from tests.accounts.spinnaker.deliveries.delivering import plan, proved_row
from tests.onboarding.delivery.strict_gate import StrictGate
from tests.rows import decider

Status = Delivery.Status


def test_another_person_approves_where_the_policy_asks(strict: StrictGate) -> None:
    proved_row(environment="production")
    planner, other = decider("olga"), decider("paul")
    delivery = plan(strict, by=planner)

    for same in (planner, None):
        with pytest.raises(SamePerson, match="In production, the person who plans"):
            approve(delivery, same)
    assert approve(delivery, other)


def test_an_account_that_moves_meanwhile_asks_for_what_its_environments_do(
    strict: StrictGate,
) -> None:
    choose("dev", second_approver=False)
    account = proved_row(environment="dev")
    delivery = plan(strict, by=(one := decider()))
    assert not approve.verdict(delivery, one).same_person
    account.environment = "production"
    account.save()

    with pytest.raises(SamePerson, match="In production, the person who plans"):
        approve(delivery, one)


def test_one_person_is_enough_where_no_policy_asks(strict: StrictGate) -> None:
    proved_row()
    choose("", second_approver=False)

    assert approve(plan(strict, by=(one := decider())), one)


def test_what_was_read_must_be_the_plan(strict: StrictGate) -> None:
    proved_row()
    delivery = plan(strict)

    with pytest.raises(PlanChanged):
        approve(delivery, None, read="other")
    assert approve(delivery, None, read=delivery.fingerprint)


def test_a_plan_is_approved_once(strict: StrictGate) -> None:
    proved_row()
    delivery = plan(strict)
    twin = Delivery.objects.get(pk=delivery.pk)

    approve(delivery, None)

    for decide in (approve, discard):
        with pytest.raises(MovedMeanwhile, match="Delivery 1 is already delivering"):
            decide(twin, None)


def test_a_new_plan_discards_one_that_waits(strict: StrictGate) -> None:
    proved_row()
    first = plan(strict)

    plan(strict)

    first.refresh_from_db()
    assert first.status == Status.DISCARDED


def test_there_is_one_delivery_at_a_time(strict: StrictGate) -> None:
    proved_row()
    delivery = plan(strict)
    approve(delivery, None)

    with pytest.raises(DeliveryOpen, match="Delivery 1 is in progress"):
        start(None)
    assert Delivery.objects.count() == 1
