"""Each scrape says which accounts Spinnaker has, and how long it took to load them."""

from __future__ import annotations

import pytest

from accounts.models import DeliveryStep
from tests.accounts.operations.test_measured import scrape
from tests.accounts.spinnaker.deliveries.delivering import (
    deliver,
    plan,
    prove_again,
    proved_row,
)
from tests.onboarding.delivery.strict_gate import StrictGate

pytestmark = pytest.mark.django_db


def test_without_deliveries_every_number_is_zero() -> None:
    found = scrape()

    for state in ("loaded", "not loaded", "leaving"):
        assert found.of("bowline_spinnaker_accounts", state=state) == 0
    assert found.of("bowline_spinnaker_accounts_differing") == 0
    assert found.of("bowline_spinnaker_load_seconds_gcount") == 0


def test_loaded_accounts_are_counted_with_the_time_that_it_took(managing) -> None:
    proved_row()
    strict = StrictGate()
    deliver(strict)

    found = scrape()

    step = DeliveryStep.objects.get()
    assert step.took
    took = step.took.total_seconds()
    assert 15 < took <= 60
    assert found.of("bowline_spinnaker_accounts", state="loaded") == 1
    assert found.of("bowline_spinnaker_accounts_differing") == 0
    assert found.of("bowline_spinnaker_load_seconds_bucket", le="15.0") == 0
    assert found.of("bowline_spinnaker_load_seconds_bucket", le="60.0") == 1
    assert found.of("bowline_spinnaker_load_seconds_gsum") == pytest.approx(took, 0.01)


def test_what_is_planned_and_not_seen_yet_differs(managing) -> None:
    account, strict = proved_row(), StrictGate()
    deliver(strict)
    prove_again(account, regions=["us-east-1", "us-west-2"])

    plan(strict)

    assert scrape().of("bowline_spinnaker_accounts_differing") == 1
