"""What Spinnaker has of accounts that left Bowline and stay there: nothing of Bowline's
removes it.
"""

from __future__ import annotations

import json

import pytest

from accounts.mapping.spinnaker import NameTaken, claim_names
from accounts.models import (
    Bundle,
    DeliveredAccount,
    ManagedAccount,
    ManagingAccount,
)
from accounts.runs.deciding.forgetting import leave_in_aws
from accounts.runs.managing.kept_roles import drop
from accounts.runs.rollouts.start import unnamed
from accounts.spinnaker.bundles import build, new_bundle
from onboarding.spinnaker.bundle.contents import REMOVED, text_in
from tests.accounts.spinnaker.deliveries.delivering import deliver, plan, proved_row
from tests.onboarding.delivery.strict_gate import StrictGate
from tests.rows import account_row, kept_role, managing_row, person

pytestmark = pytest.mark.django_db
BEFORE = "2026-10-31T00:00:00Z"


@pytest.fixture
def leaving(managing) -> ManagedAccount:
    """Make an account with two names in Spinnaker, next to another one that stays."""
    proved_row("stays", account_id="922222222221", uses_external_id=False)
    return proved_row(
        granted_at=BEFORE,
        adopts=True,
        uses_external_id=False,
        also_as=[{"name": "staging-eu", "regions": ["eu-west-1"]}],
    )


def built() -> Bundle:
    bundle = new_bundle(None)
    build(bundle)
    return Bundle.objects.get(pk=bundle.pk)


def removed_by(bundle: Bundle) -> set[str]:
    """Name what hal is to forget with this bundle."""
    if REMOVED not in {file["path"] for file in bundle.files}:
        return set()
    return {one["name"] for one in json.loads(text_in(bundle.archive, REMOVED))["aws"]}


def test_no_bundle_removes_it_from_hal(leaving: ManagedAccount) -> None:
    gone = proved_row("gone", account_id="922222222223")
    built()
    leave_in_aws(leaving, person("approver"))
    ManagedAccount.objects.filter(pk=gone.pk).exclude_from_bundles(None)

    assert removed_by(built()) == {"gone"}
    assert removed_by(built()) == {"gone"}


def test_no_delivery_removes_it(leaving: ManagedAccount) -> None:
    strict = StrictGate()
    deliver(strict)
    assert strict.stored.keys() == {"stays", "staging", "staging-eu"}
    leave_in_aws(leaving, person("approver"))

    delivery = plan(strict)

    assert not delivery.steps.exists()
    assert {(one["name"], one["why"]) for one in delivery.left} == {
        ("staging", "FOREIGN"),
        ("staging-eu", "FOREIGN"),
    }
    assert DeliveredAccount.objects.get().name == "stays"


def test_another_account_does_not_take_its_name() -> None:
    managing_row(kept_roles=[kept_role(7, names=["Taken"])])
    other, same = account_row("taken"), account_row("TAKEN7", account_id=f"{7:012}")

    with pytest.raises(NameTaken, match=r"left7 \(000000000007\), kept in AWS"):
        claim_names(other)
    assert [account for account, _ in unnamed([other])] == [other]

    same.name = "taken"
    claim_names(same)


def test_once_it_is_verified_again_bundles_remove_it_as_any_other(
    leaving: ManagedAccount,
) -> None:
    leave_in_aws(leaving, person("approver"))
    again = proved_row(granted_at=BEFORE, adopts=True)
    drop(ManagingAccount.objects.get(), again)
    built()

    ManagedAccount.objects.filter(pk=again.pk).exclude_from_bundles(None)

    assert removed_by(built()) == {"staging"}
