"""Plans that are the same by the API: read once, approved for many accounts."""

from __future__ import annotations

import pytest

from accounts.mapping.plans import plan_of
from accounts.models import Activity, Run
from accounts.models.states import Status
from accounts.runs.actions import discard
from accounts.runs.deciding import same_changes
from tests.accounts.api.calling import detail
from tests.rows import account_row, run_row, step_row

SAME = "5a" * 16
PATH = f"/runs/same/{SAME}"


def waiting(number: int, *, fingerprint: str = SAME, **fields) -> Run:
    account = account_row(f"a{number}", account_id=f"{number:012}", **fields)
    run = run_row(account=account, fingerprint=fingerprint)
    step_row(run, name=f"role-of-a{number}")
    return run


@pytest.fixture
def three(managing) -> list[Run]:
    return [waiting(number) for number in range(3)]


def numbers(runs: list[Run]) -> dict[str, list[int]]:
    return {"runs": [run.number for run in runs]}


def approved() -> set[int]:
    rows = Run.objects.filter(status=Status.APPLYING)
    return set(rows.values_list("number", flat=True))


def test_it_lists_which_plans_are_the_same(reader, three):
    waiting(3, fingerprint="0b" * 16)

    assert reader.read("/runs/same").json() == [
        {"fingerprint": SAME, "plans": 3, "changes": 1}
    ]


def test_the_plan_of_one_is_read_and_all_are_listed(reader, three):
    shown = reader.read(PATH).json()

    assert [run["number"] for run in shown["runs"]] == [run.number for run in three]
    assert {run["selected"] for run in shown["runs"]} == {True}
    assert (shown["total"], shown["room"]) == (3, None)
    assert shown["plan"]["digest"] == plan_of(three[0]).digest
    assert shown["plan"]["fingerprint"] == SAME


def test_where_none_waits_any_more_it_says_so(reader):
    assert detail(reader.read(PATH), 404) == (
        "No plan waits with these changes. They were approved, discarded or outdated "
        "by an edit."
    )


def test_those_that_were_read_are_approved_and_the_others_wait(approver, three):
    body = {**numbers(three[1:]), "comment": "Seen with ops."}

    answer = approver.post(f"{PATH}/approve", body)

    assert answer.status_code == 200, answer.content
    assert answer.json() == {"approved": 2, "left": 0, "refused": []}
    assert approved() == {run.number for run in three[1:]}
    entries = Activity.objects.filter(what=Activity.What.APPROVE)
    assert {(one.who, one.detail["comment"]) for one in entries} == {
        ("approver", "Seen with ops.")
    }


def test_where_none_is_left_nothing_is_approved_and_it_says_why(approver, three):
    for run in three:
        discard(run, None)

    refused = detail(approver.post(f"{PATH}/approve", numbers(three[:1])))

    told = f"a0: {three[0].title} was discarded by the command line before you decided."
    assert refused == f"Not approved: {told}"


def test_a_list_has_no_more_than_can_be_approved_at_once(reader, three, monkeypatch):
    monkeypatch.setattr(same_changes, "MOST_AT_ONCE", 2)

    shown = reader.read(PATH).json()

    assert (shown["total"], len(shown["runs"])) == (3, 2)
