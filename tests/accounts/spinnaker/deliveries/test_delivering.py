"""Deliveries from proved accounts to a strict Gate, as workers carry them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from accounts.models import Activity, DeliveredAccount, Delivery, ManagedAccount
from accounts.spinnaker.deliveries.decisions import approve
from accounts.spinnaker.deliveries.planning import Ledger, wanted_bodies
from accounts.spinnaker.deliveries.stages import carry_on
from tests.accounts.spinnaker.deliveries.delivering import (
    deliver,
    finish,
    plan,
    prove_again,
    proved_row,
    reach,
)
from tests.onboarding.delivery.accounts import foreign
from tests.onboarding.delivery.strict_gate import StrictGate, error

Status = Delivery.Status


def test_an_account_is_stored_and_seen_loaded(strict: StrictGate) -> None:
    proved_row()

    delivery = deliver(strict)

    step = delivery.steps.get()
    own = DeliveredAccount.objects.get()
    assert delivery.status == Status.LOADED, delivery.error
    assert strict.names("PUT") == ["staging"]
    assert timedelta(0) < step.took <= timedelta(seconds=75)
    assert (own.sent, own.loaded_at) == (step.after, step.seen_at)
    assert own.external_id == strict.stored["staging"]["externalId"]


def test_an_unchanged_delivery_sends_nothing(strict: StrictGate) -> None:
    proved_row()
    deliver(strict)
    strict.requests.clear()

    again = deliver(strict)

    assert (again.status, again.counts["unchanged"]) == (Status.LOADED, 1)
    assert strict.writes == []


def test_what_is_not_approved_is_not_sent(strict: StrictGate) -> None:
    proved_row()

    delivery = plan(strict)
    carry_on(delivery, reach(strict))

    assert delivery.status == Status.PLANNED
    assert strict.writes == []


def test_only_what_a_bundle_would_hold_is_delivered(strict: StrictGate) -> None:
    proved_row()
    proved_row("dev", account_id="922222222223", verification="", state="failed")
    left = proved_row("prod", account_id="922222222224")
    ManagedAccount.objects.filter(pk=left.pk).exclude_from_bundles(None)

    assert [body.name for body in wanted_bodies()] == ["staging"]


def test_a_changed_aws_account_renews_its_ecs_account(strict: StrictGate) -> None:
    account = proved_row(providers={"ec2": {}, "ecs": {}}, uses_external_id=False)
    deliver(strict)
    strict.requests.clear()
    prove_again(account, regions=["us-west-2"])

    delivery = deliver(strict)

    assert delivery.status == Status.LOADED, delivery.error
    assert [method for method, *_ in strict.writes] == ["PUT", "DELETE", "PUT"]
    loaded = strict.loaded[delivery.steps.last().name]
    assert "us-west-2" in loaded["was"]


def test_a_removed_account_is_deleted_and_seen_gone(strict: StrictGate) -> None:
    account = proved_row(providers={"ec2": {}, "ecs": {}}, uses_external_id=False)
    deliver(strict)
    ManagedAccount.objects.filter(pk=account.pk).exclude_from_bundles(None)

    delivery = deliver(strict)
    deliver(strict)

    assert delivery.status == Status.LOADED, delivery.error
    assert (strict.stored, strict.loaded) == ({}, {})
    assert not DeliveredAccount.objects.owned().exists()


def test_a_plan_is_outdated_once_spinnaker_changed(strict: StrictGate) -> None:
    proved_row()
    delivery = plan(strict)
    strict.stored["staging"] = foreign("staging")
    approve(delivery, None)

    finish(strict, delivery)

    assert delivery.status == Status.OUTDATED
    assert strict.writes == []


def test_what_was_seen_of_an_account_holds_no_longer_once_it_is_sent_again(
    strict: StrictGate,
) -> None:
    proved_row()
    deliver(strict)
    ledger = Ledger({body.name: body for body in wanted_bodies()}, reach(strict).now)

    ledger.keep(replace(ledger.owned("staging"), sending="other"))

    assert DeliveredAccount.objects.get().loaded_at is None


def test_a_plan_is_outdated_once_an_account_is_proved_otherwise(
    strict: StrictGate,
) -> None:
    account = proved_row()
    delivery = plan(strict)
    approve(delivery, None)
    prove_again(account, external_id=uuid4())

    finish(strict, delivery)

    assert delivery.status == Status.OUTDATED
    assert strict.writes == []


def test_what_became_ready_since_is_left_to_the_next_delivery(
    strict: StrictGate,
) -> None:
    proved_row()
    delivery = plan(strict)
    approve(delivery, None)
    proved_row("later", account_id="922222222223")

    finish(strict, delivery)
    after = deliver(strict)

    assert delivery.status == Status.LOADED, delivery.error
    assert [step.name for step in delivery.steps.all()] == ["staging"]
    assert [step.name for step in after.steps.all()] == ["later"]


def test_what_is_not_loaded_in_time_says_what_was_seen(
    strict: StrictGate,
) -> None:
    strict.polls = False
    proved_row()

    delivery = deliver(strict)

    step = delivery.steps.get()
    assert delivery.status == Status.FAILED
    assert delivery.error["message"] == (
        "Spinnaker stored the delivery but didn't load 1 account in time."
    )
    assert step.causes == [
        "Spinnaker's list of loaded accounts doesn't have staging. See what "
        "Clouddriver's log says about staging, and plan again."
    ]
    assert delivery.error["hint"].startswith("Nothing that was sent has shown up")


def test_what_is_not_loaded_while_others_are_is_no_fault_of_the_poller(
    strict: StrictGate,
) -> None:
    proved_row()
    proved_row("prod", account_id="922222222223")
    strict.unreadable = {"prod"}

    delivery = deliver(strict)

    assert delivery.status == Status.FAILED
    assert "doesn't have prod." in delivery.error["hint"]
    assert "poll" not in delivery.error["hint"]


def test_what_is_loaded_later_is_seen_by_the_next_delivery(
    strict: StrictGate,
) -> None:
    strict.polls = False
    proved_row()
    deliver(strict)
    strict.polls = True
    strict.clock.sleep(60)

    again = deliver(strict)

    assert again.status == Status.LOADED
    assert DeliveredAccount.objects.get().loaded_at is not None


def test_gate_that_answers_again_delays_a_delivery(strict: StrictGate) -> None:
    proved_row()
    delivery = plan(strict)
    approve(delivery, None)
    strict.failing = [error(500)] * 4

    finish(strict, delivery)

    assert (delivery.status, delivery.unreachable_since) == (Status.LOADED, None)


def test_gate_that_is_out_of_order_ends_a_delivery(strict: StrictGate) -> None:
    proved_row()
    delivery = plan(strict)
    approve(delivery, None)
    strict.failing = [error(500)] * 1000

    finish(strict, delivery)

    assert delivery.status == Status.FAILED
    assert "Gate answered 500" in delivery.error["message"]


def test_one_account_that_is_refused_holds_up_no_other(strict: StrictGate) -> None:
    proved_row()
    proved_row("dev", account_id="922222222223")
    delivery = plan(strict)
    approve(delivery, None)
    first, *_ = delivery.steps.all()
    answer = strict.put
    strict.put = lambda body: error(400) if body["name"] == first.name else answer(body)

    finish(strict, delivery)

    assert delivery.status == Status.FAILED
    assert delivery.error["message"] == "1 account couldn't be delivered."
    assert [bool(step.error) for step in delivery.steps.all()] == [True, False]
    assert len(strict.loaded) == 1


def test_a_robot_without_rights_ends_a_delivery_at_once(strict: StrictGate) -> None:
    proved_row()
    delivery = plan(strict)
    approve(delivery, None)
    strict.put = lambda body: error(403)

    carry_on(delivery, reach(strict))
    delivery.refresh_from_db()

    assert delivery.status == Status.FAILED
    assert "The service account needs a role" in delivery.error["message"]


def test_decisions_are_in_the_activity_log(strict: StrictGate) -> None:
    proved_row()

    deliver(strict, agreed=["staging"])

    entries = Activity.objects.order_by("number")
    assert [(one.what, one.about) for one in entries] == [
        ("plan", "Delivery 1"),
        ("approve", "Delivery 1"),
    ]
    assert entries[0].detail == {"delivery": 1, "agreed": ["staging"]}
    assert entries[1].detail["add"] == 1


def test_a_change_of_what_nobody_shows_counts_as_loaded_a_poll_later(
    strict: StrictGate,
) -> None:
    account = proved_row()
    deliver(strict)
    prove_again(account, environment="qa")

    delivery = deliver(strict)

    assert delivery.status == Status.LOADED, delivery.error
    assert delivery.steps.get().took >= timedelta(seconds=strict.period)
