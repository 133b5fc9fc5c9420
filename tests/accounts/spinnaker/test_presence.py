"""What a delivery saw counts for rotations and removals: nobody ticks it off."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.external_ids import (
    RotationRefused,
    cancel_rotation,
    finish_rotation,
    rotate,
    stages,
)
from accounts.mapping.entries import keep_verified
from accounts.mapping.spinnaker import claim_names
from accounts.models import (
    Bundle,
    DeliveredAccount,
    ManagedAccount,
)
from accounts.runs.actions import StillInSpinnaker, remove
from accounts.runs.rollouts.start import not_removable
from accounts.spinnaker.bundles import install
from accounts.spinnaker.presence import presence_of, present_since
from tests.accounts.spinnaker.deliveries.delivering import (
    deliver,
    proved_row,
    reach,
)
from tests.onboarding.delivery.strict_gate import StrictGate
from tests.rows import approve_entries

NOW = "2026-11-01T00:00:00Z"


@pytest.fixture
def account(strict: StrictGate) -> ManagedAccount:
    """Deliver an account."""
    row = proved_row(granted_at=NOW)
    claim_names(row)
    deliver(strict)
    return row


def verify_scope(account: ManagedAccount) -> None:
    account.refresh_from_db()
    approve_entries(account)
    keep_verified(account, "verified")
    account.refresh_from_db()


def done(account: ManagedAccount) -> list[bool]:
    return [stage.done for stage in stages(account)]


def test_a_rotation_is_finished_once_the_new_external_id_is_seen_loaded(
    strict: StrictGate, account: ManagedAccount
) -> None:
    rotate(account, None)
    begun = done(account)
    verify_scope(account)
    verified = done(account)
    with pytest.raises(RotationRefused, match="Not yet: deliver it to Spinnaker"):
        finish_rotation(account, None)

    deliver(strict)

    assert (begun, verified, done(account)) == (
        [False, False],
        [True, False],
        [True, True],
    )
    finish_rotation(account, None)
    assert account.former_external_id == ""


@pytest.mark.parametrize("seen", [{"loaded_at": None}, {"external_id": "former"}])
def test_a_rotation_is_not_finished_before_every_name_sends_the_new_one(
    strict: StrictGate, seen: dict[str, Any]
) -> None:
    account = proved_row(
        granted_at=NOW, also_as=[{"name": "staging-eu", "regions": ["eu-west-1"]}]
    )
    claim_names(account)
    deliver(strict)
    rotate(account, None)
    verify_scope(account)
    deliver(strict)
    of_all = done(account)

    DeliveredAccount.objects.filter(name="staging-eu").update(**seen)

    assert (of_all, done(account)) == ([True, True], [True, False])


def test_a_new_external_id_that_is_stored_and_not_loaded_does_not_count(
    strict: StrictGate, account: ManagedAccount
) -> None:
    rotate(account, None)
    verify_scope(account)
    strict.polls = False

    deliver(strict)

    assert done(account) == [True, False]


def test_a_rotation_that_was_delivered_goes_back_by_another_delivery(
    strict: StrictGate, account: ManagedAccount
) -> None:
    rotate(account, None)
    new = account.external_id
    verify_scope(account)
    deliver(strict)

    cancel_rotation(account, None)

    assert account.former_external_id == str(new)
    verify_scope(account)
    assert done(account) == [True, False]
    deliver(strict)
    assert done(account) == [True, True]


def test_what_spinnaker_has_by_a_delivery_is_not_removed_from_aws(
    account: ManagedAccount,
) -> None:
    with pytest.raises(StillInSpinnaker, match="Bowline delivered it"):
        remove(account, None)
    ((kept, why),) = not_removable([account])
    assert (kept, ("Exclude it from bundles and plan a delivery.") in why) == (
        account,
        True,
    )


def test_what_a_delivery_saw_gone_can_be_removed_from_aws(
    strict: StrictGate, account: ManagedAccount
) -> None:
    bundle = Bundle.objects.create(number=1, status=Bundle.Status.READY)
    bundle.accounts.add(account)
    Bundle.objects.update(created_at=NOW)
    ManagedAccount.objects.filter(pk=account.pk).exclude_from_bundles(None)

    deliver(strict)

    assert presence_of(account) is None
    assert list(not_removable([account])) == []


def test_a_bundle_that_is_installed_later_counts_again(
    strict: StrictGate, account: ManagedAccount
) -> None:
    ManagedAccount.objects.filter(pk=account.pk).exclude_from_bundles(None)
    deliver(strict)
    bundle = Bundle.objects.create(number=1, status=Bundle.Status.READY)
    bundle.accounts.add(account)

    install(bundle, None)

    assert presence_of(account).where == "Spinnaker has staging, in bundle 1."


def test_what_is_deleted_and_still_loaded_is_not_gone(
    strict: StrictGate, account: ManagedAccount
) -> None:
    ManagedAccount.objects.filter(pk=account.pk).exclude_from_bundles(None)
    strict.polls = False

    deliver(strict)

    assert "Bowline delivered it" in presence_of(account).where


def test_what_is_delivered_again_since_its_removal_was_planned_is_named(
    strict: StrictGate, account: ManagedAccount
) -> None:
    ManagedAccount.objects.filter(pk=account.pk).exclude_from_bundles(None)
    deliver(strict)
    account.refresh_from_db()
    run = remove(account, None)
    run.created_at = reach(strict).now()
    strict.clock.sleep(1)
    before = list(present_since([run]))

    ManagedAccount.objects.filter(pk=account.pk).include_in_bundles()
    deliver(strict)

    ((found, told),) = present_since([run])
    assert (before, found) == ([], run)
    assert "Bowline delivered it" in told.where
