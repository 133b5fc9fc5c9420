"""Traps of Spinnaker's account API, as a whole delivery meets them."""

from __future__ import annotations

import logging

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import DeliveredAccount, Delivery, ManagedAccount
from accounts.spinnaker.deliveries.decisions import approve, start
from accounts.spinnaker.deliveries.looking import Reached
from accounts.spinnaker.deliveries.stages import carry_on, carry_on_for_worker
from tests.accounts.spinnaker.connecting import REACH, TOKEN, spinnaker_row
from tests.accounts.spinnaker.deliveries.delivering import (
    deliver,
    finish,
    proved_row,
    reach,
)
from tests.accounts.spinnaker.deliveries.many import many_proved
from tests.accounts.spinnaker.deliveries.test_secrets import dump
from tests.onboarding.delivery.accounts import foreign
from tests.onboarding.delivery.strict_gate import (
    Served,
    StrictGate,
    served,
)

Status = Delivery.Status


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
