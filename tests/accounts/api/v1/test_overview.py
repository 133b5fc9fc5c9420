"""The overview by the API: the states of all accounts, and what waits for a person."""

from __future__ import annotations

from django.utils import timezone

from accounts.models.states import State, Status
from onboarding import VERSION
from tests.accounts.api.calling import detail
from tests.rows import account_row, run_row


def test_it_counts_the_accounts_and_says_what_to_do(reader, managing):
    account_row(environment="production", state=State.FAILED)
    account_row("other", account_id="9" * 12)

    answer = reader.read("/overview")

    assert answer.status_code == 200, answer.content
    shown = answer.json()
    assert shown["version"] == VERSION
    assert (shown["accounts"], shown["states"]) == (2, {"draft": 1, "failed": 1})
    assert {"environment": "production", "state": "failed", "accounts": 1} in (
        shown["environments"]
    )
    assert shown["to_do"][0] == {
        "sentence": "1 account failed. Its last run shows what to fix.",
        "page": "http://testserver/accounts/?state=failed",
    }
    assert (shown["worse"], shown["more_worse"]) == ([], False)


def test_a_check_that_got_worse_is_named(reader, managing):
    account = account_row(state=State.DRIFTED, granted_at=timezone.now())
    run = run_row(Status.VERIFIED, account=account)
    found = {"provider": "ec2", "name": "List", "outcome": "failed", "worse": True}
    run.checks.create(position=0, **found)

    (worse,) = reader.read("/overview").json()["worse"]

    assert (worse["run"], worse["account"]) == (run.number, "staging")
    assert (worse["provider"], worse["name"]) == ("ec2", "List")


def test_before_the_managing_account_it_says_what_is_first(reader):
    assert detail(reader.read("/overview")) == "Set up the managing account first."
