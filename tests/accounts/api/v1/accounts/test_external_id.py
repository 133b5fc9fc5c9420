"""The external ID of an account by the API, and its rotation to the end."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.mapping.entries import keep_verified
from accounts.models import ManagedAccount
from accounts.models.states import State
from accounts.spinnaker.bundles import build, install, new_bundle
from tests.accounts.api.calling import detail
from tests.rows import account_row, approve_entries

PATH = "/accounts/staging/external-id"


@pytest.fixture
def account(managing) -> ManagedAccount:
    return account_row(granted_at=timezone.now(), state=State.VERIFIED)


def test_it_is_rotated_once_for_one_key_and_finished_when_spinnaker_has_it(
    operator, account
):
    first = operator.read(PATH).json()

    begun = operator.post(f"{PATH}/rotate", key="one")
    repeated = operator.post(f"{PATH}/rotate", key="one")
    early = operator.post(f"{PATH}/finish")
    account.refresh_from_db()
    approve_entries(account)
    keep_verified(account, State.VERIFIED)
    bundle = new_bundle(None)
    build(bundle)
    install(bundle, None)
    done = operator.post(f"{PATH}/finish")

    assert (first["previous"], first["stages"]) == ("", [])
    assert begun.status_code == 200, begun.content
    new = begun.json()
    assert (new["previous"], new["external_id"] != first["external_id"]) == (
        first["external_id"],
        True,
    )
    assert [stage["done"] for stage in new["stages"]] == [False, False, False]
    assert repeated.json() == new
    assert detail(early).startswith("Not yet: plan staging, apply the plan")
    assert done.json() == {
        "external_id": new["external_id"],
        "previous": "",
        "accepted": f"{first['external_id']}, too, until a plan is applied",
        "stages": [],
    }


def test_a_rotation_is_cancelled(operator, account):
    first = operator.read(PATH).json()
    operator.post(f"{PATH}/rotate")

    answer = operator.post(f"{PATH}/cancel")

    assert answer.json()["external_id"] == first["external_id"]
    assert "isn't being rotated" in detail(operator.post(f"{PATH}/cancel"))


def test_an_account_without_an_external_id_has_none(reader, account):
    ManagedAccount.objects.update(uses_external_id=False)

    assert reader.read(PATH).json()["external_id"] == ""
