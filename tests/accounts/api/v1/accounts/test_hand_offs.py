"""What an account's owner receives, and is taken at their word for, by the API."""

from __future__ import annotations

from accounts.models import Activity
from accounts.models.states import State, Status
from tests.accounts.api.calling import detail
from tests.rows import account_row, hand_off_row, managing_row, run_row

BOWLINE = "arn:aws:iam::911111111111:user/bowline"


def test_it_gives_the_files_that_an_owner_receives(operator):
    managing_row(verification=State.VERIFIED)
    account = account_row(made_by="owner")
    hand_off_row(account)
    waiting = run_row(Status.HANDED_OFF, account=account)

    answer = operator.read("/accounts/staging/hand-off")

    assert answer.status_code == 200, answer.content
    shown = answer.json()
    assert (shown["approved"], shown["waiting_run"]) == (True, waiting.number)
    assert any("spinnakerManaged" in file["text"] for file in shown["files"])
    assert Activity.objects.get(what="download").about == "staging"


def test_an_account_that_bowline_creates_has_no_hand_off(operator, managing):
    account_row()

    for answer in (
        operator.read("/accounts/staging/hand-off"),
        operator.post("/accounts/staging/hand-off/updated"),
    ):
        assert detail(answer, 404) == "This account isn't handed off."


def test_nobody_is_taken_at_their_word_where_nothing_waits_for_it(operator):
    managing_row(verification=State.VERIFIED)
    account = account_row(made_by="owner")
    hand_off_row(account)

    refused = operator.post("/accounts/staging/hand-off/updated")
    waiting = run_row(Status.HANDED_OFF, account=account)
    again = operator.post("/accounts/staging/hand-off/updated")

    assert detail(refused) == "staging doesn't wait for an owner."
    assert detail(again) == f"{waiting.title} isn't waiting for a confirmation."


def test_it_gives_what_the_managing_accounts_owner_receives(operator):
    row = managing_row(made_by="owner", bowline_principal=BOWLINE)
    hand_off_row(row)

    answer = operator.read("/managing-account/hand-off")

    assert answer.status_code == 200, answer.content
    assert answer.json()["approved"] is True
    assert answer.json()["files"]
    assert Activity.objects.get(what="download").about == row.name
