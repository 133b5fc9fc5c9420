"""Traps of Spinnaker's account API, as a whole delivery meets them."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import DeliveredAccount, Delivery, ManagedAccount
from accounts.spinnaker.deliveries.decisions import approve, start
from accounts.spinnaker.deliveries.reached import Reached
from accounts.spinnaker.deliveries.stages import carry_on, carry_on_for_worker
from onboarding.delivery.releases import ECS_WARNING, Release
from tests.accounts.spinnaker.connecting import REACH, TOKEN, spinnaker_row
from tests.accounts.spinnaker.deliveries.delivering import (
    deliver,
    finish,
    plan,
    proved_row,
    reach,
)
from tests.accounts.spinnaker.deliveries.many import many_proved
from tests.accounts.spinnaker.deliveries.test_secrets import dump
from tests.onboarding.delivery.accounts import foreign
from tests.onboarding.delivery.strict_gate import (
    KEYS,
    SECRET,
    Served,
    StrictGate,
    served,
)

Status = Delivery.Status


def planned_by(reached: Reached) -> Delivery:
    delivery = start(None)
    carry_on(delivery, reached)
    delivery.refresh_from_db()
    return delivery


def test_the_token_is_neither_kept_nor_logged(
    strict: StrictGate,
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    settings.SPINNAKER = REACH
    proved_row()
    monkeypatch.setenv("GATE_TOKEN", TOKEN)
    monkeypatch.setattr(Reached, "each", lambda _, work, items: [*map(work, items)])
    ended = []

    with served(Served(strict, token=TOKEN)) as gate:
        spinnaker_row(gate.url, sign_in="token", secret="env:GATE_TOKEN")
        for token in (TOKEN, "wrong"):
            gate.token = token
            delivery = start(None)
            carry_on_for_worker(delivery)
            ended.append(delivery)

    assert [one.status for one in ended] == [Status.PLANNED, Status.FAILED]
    assert "Bowline isn't signed in" in ended[1].error["message"]
    assert TOKEN not in dump() + caplog.text


@pytest.mark.parametrize(
    ("switch", "value", "said"),
    [
        ("storage", False, "switch on account.storage and sql"),
        ("fiat_down", True, "The message is the same while Fiat is down"),
    ],
)
def test_what_is_refused_ends_a_delivery_with_what_to_do(
    strict: StrictGate, switch: str, value: Any, said: str
) -> None:
    proved_row()
    setattr(strict, switch, value)

    delivery = plan(strict)

    assert delivery.status == Status.FAILED
    assert said in delivery.error["message"]
    assert SECRET not in str(delivery.error)


def test_releases_that_never_load_an_account_are_sent_none(
    strict: StrictGate,
) -> None:
    proved_row()

    delivery = planned_by(reach(strict, release=Release(2025, 1)))

    assert (delivery.status, delivery.steps.count()) == (Status.LOADED, 0)
    assert delivery.left[0]["why"] == "UNSUPPORTED"


def test_ecs_accounts_of_older_releases_are_warned_of(strict: StrictGate) -> None:
    proved_row(providers={"ec2": {}, "ecs": {}}, uses_external_id=False)

    assert ECS_WARNING in plan(strict).warnings


def test_an_account_that_is_in_a_file_is_shown_and_moved_over_by_agreement(
    strict: StrictGate,
) -> None:
    strict.files = {name: foreign(name) for name in ("staging", "theirs")}
    strict.load("aws")
    proved_row()

    shown, moved = deliver(strict), deliver(strict, agreed=["staging"])

    assert {one["name"]: one["why"] for one in shown.left} == {
        "staging": "TAKEN",
        "theirs": "FROM_A_FILE",
    }
    assert moved.status == Status.LOADED, moved.error
    assert strict.names("PUT") == ["staging"]
    assert strict.loaded["staging"]["accountId"] == "922222222222"


def test_an_account_that_vanished_is_shown_and_not_sent_again(
    strict: StrictGate,
) -> None:
    proved_row()
    deliver(strict)
    del strict.stored["staging"]

    delivery = deliver(strict)

    assert delivery.left[0]["why"] == "VANISHED"
    assert strict.names("PUT") == ["staging"]


def test_a_field_that_spinnaker_drops_is_named(
    strict: StrictGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KEYS, "aws", KEYS["aws"] - {"externalId"})
    proved_row()

    delivery = deliver(strict)

    assert delivery.status == Status.FAILED
    assert delivery.steps.get().error.endswith("Different: externalId.")


def test_delivered_accounts_are_not_loaded_again_at_each_poll(
    strict: StrictGate,
) -> None:
    proved_row(providers={"ec2": {}, "lambda": {}})
    deliver(strict)

    strict.clock.sleep(600)
    strict.tick()

    assert strict.reloads == {}


def test_a_deleted_name_that_somebody_else_takes_is_theirs(
    strict: StrictGate,
) -> None:
    account = proved_row()
    deliver(strict)
    rows = ManagedAccount.objects.filter(pk=account.pk)
    rows.exclude_from_bundles(None)
    deliver(strict)
    deliver(strict)
    strict.files["staging"] = foreign("staging")
    strict.clock.sleep(60)
    rows.include_in_bundles()

    delivery = deliver(strict)

    assert delivery.left[0]["why"] == "TAKEN"
    assert strict.stored == {}


def test_many_accounts_cost_as_many_queries_as_few_apart_from_the_steps_themselves(
    strict: StrictGate,
) -> None:
    def queries() -> list[int]:
        """Plan, look at what is loaded, and plan again with nothing to send."""
        costs = []
        delivery = start(None)
        with CaptureQueriesContext(
            connection,
        ) as planning:
            carry_on(delivery, reach(strict))
        costs.append(len(planning))
        delivery.refresh_from_db()
        approve(delivery, None)
        carry_on(delivery, reach(strict))
        strict.clock.sleep(90)
        with CaptureQueriesContext(connection) as watching:
            carry_on(delivery, reach(strict))
        costs.append(len(watching))
        finish(strict, delivery)
        assert delivery.status == Status.LOADED, delivery.error
        DeliveredAccount.objects.all().delete()
        strict.stored.clear()
        strict.clock.sleep(90)
        strict.tick()
        return costs

    many_proved(3)
    few = queries()
    ManagedAccount.objects.all().delete()
    many_proved(40)

    assert queries() == few
