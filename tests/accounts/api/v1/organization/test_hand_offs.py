"""What the organization's administrator receives, by the API."""

from __future__ import annotations

import pytest

from accounts.models import Activity, Run
from accounts.models.states import State, Status
from tests.accounts.api.calling import detail
from tests.rows import account_row, hand_off_row, managing_row, run_row

PATH = "/organization/hand-off"


@pytest.fixture
def waiting(db) -> Run:
    managing_row(verification=State.VERIFIED)
    account = account_row(made_by="organization", state=State.HANDED_OFF)
    hand_off_row(account)
    return run_row(Status.HANDED_OFF, account=account)


def test_it_gives_the_files_of_each_stack_set(operator, waiting):
    answer = operator.read(PATH)

    assert answer.status_code == 200, answer.content
    shown = answer.json()
    (one,) = shown["stack_sets"]
    assert (one["accounts"], one["waiting"], one["verified"]) == (1, 1, 0)
    assert any("spinnakerManaged" in file["text"] for file in shown["files"])
    assert Activity.objects.get(what="download").about == "the organization"


def test_bowline_looks_at_once_at_all_that_wait(operator, waiting):
    looked = operator.post(f"{PATH}/look")
    Run.objects.update(status=Status.VERIFIED)
    nobody = operator.post(f"{PATH}/look")

    assert (looked.status_code, looked.json()) == (202, {"waiting": 1})
    assert Run.objects.get().look_at is not None
    assert detail(nobody) == "No account waits for the organization."
