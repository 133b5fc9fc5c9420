"""Accounts that bundles leave out, and that are deleted from Bowline, by the API."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import Activity, ManagedAccount
from accounts.models.states import State
from tests.accounts.api.calling import detail
from tests.rows import account_row


@pytest.fixture
def account(managing) -> ManagedAccount:
    return account_row(verification=State.VERIFIED, state=State.VERIFIED)


def test_an_account_is_left_out_of_bundles_and_included_again(operator, account):
    out = operator.post("/accounts/staging/exclude", key="one")
    repeated = operator.post("/accounts/staging/exclude", key="one")
    twice = operator.post("/accounts/staging/exclude", key="two")
    held = operator.post("/accounts/staging/include")
    again = operator.post("/accounts/staging/include")

    assert out.status_code == 200, out.content
    assert out.json()["excluded_at"]
    assert repeated.json() == out.json()
    assert (held.status_code, held.json()["excluded_at"]) == (200, None)
    assert {detail(twice), detail(again)} == {"staging wouldn't be in a bundle anyway."}
    assert [*Activity.objects.order_by("number").values_list("what", flat=True)][
        -2:
    ] == ["leave out", "put in"]


def test_an_account_is_deleted_that_does_not_exist_in_aws(operator, account):
    answer = operator.send("DELETE", "/accounts/staging", key="one")
    repeated = operator.send("DELETE", "/accounts/staging", key="one")
    gone = operator.send("DELETE", "/accounts/staging")

    assert (answer.status_code, answer.content) == (204, b"")
    assert (repeated.status_code, gone.status_code) == (204, 404)
    assert repeated["Idempotency-Replayed"] == "true"
    entry = Activity.objects.get(what="forget")
    assert (entry.about, entry.detail["token"]) == ("staging", "ci")


def test_an_account_that_exists_in_aws_is_removed_there_first(operator, account):
    ManagedAccount.objects.update(granted_at=timezone.now())

    refused = operator.send("DELETE", "/accounts/staging")

    assert detail(refused) == (
        "You can't delete staging while it exists in AWS. Remove it from AWS first."
    )
    assert ManagedAccount.objects.exists()


def test_an_account_leaves_that_stays_in_aws(approver, account):
    ManagedAccount.objects.update(adopts=True, granted_at=timezone.now())

    unnamed = approver.post("/accounts/staging/leave", {"confirmation": "stagin"})
    answer = approver.post("/accounts/staging/leave", {"confirmation": "staging"})

    assert "Type the account's name, staging" in detail(unnamed, 422)
    assert (answer.status_code, answer.content) == (204, b"")
    assert not ManagedAccount.objects.exists()
    (kept,) = approver.read("/managing-account").json()["kept_roles"]
    assert (kept["account_id"], kept["names"]) == ("922222222222", ["staging"])
