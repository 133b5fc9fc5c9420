from __future__ import annotations

import pytest

from accounts.models import Run
from accounts.models.states import Status
from accounts.runs.deciding.same_changes import IdenticalPlans, identical_plans
from tests.rows import account_row, run_row, step_row

pytestmark = pytest.mark.usefixtures("managing")


def wait(fingerprint: str, *numbers: int, status: str = Status.PLANNED) -> list[Run]:
    runs = []
    for number in numbers:
        account = account_row(f"a{number}", account_id=f"{number:012}")
        runs.append(run_row(status, account=account, fingerprint=fingerprint))
        step_row(runs[-1])
        step_row(runs[-1], verb="update", before={})
    return runs


def test_the_largest_group_comes_first() -> None:
    wait("aa", 1, 2)
    wait("bb", 3, 4, 5)

    assert identical_plans() == [IdenticalPlans("bb", 3, 2), IdenticalPlans("aa", 2, 2)]


def test_what_is_alone_edited_decided_or_not_signed_is_no_group() -> None:
    wait("aa", 1)
    wait("", 2, 3)
    edited, _ = wait("bb", 4, 5)
    edited.account.touch()
    wait("cc", 6, 7, status=Status.APPLYING)

    assert identical_plans() == []


def test_so_many_groups_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.runs.deciding.same_changes.MOST_GROUPS", 1)
    wait("aa", 1, 2)
    wait("bb", 3, 4)

    assert [group.fingerprint for group in identical_plans()] == ["aa"]


def test_it_costs_as_much_for_many_plans(django_assert_num_queries) -> None:
    wait("aa", *range(30))
    wait("bb", *range(30, 60))

    with django_assert_num_queries(3):
        assert [group.plans for group in identical_plans()] == [30, 30]
