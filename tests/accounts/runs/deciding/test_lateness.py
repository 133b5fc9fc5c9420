from __future__ import annotations

import pytest

from accounts.models.states import Status
from accounts.runs.deciding.lateness import decided_already, outdated
from tests.rows import managing_row, run_row

pytestmark = pytest.mark.django_db


def test_a_plan_that_an_edit_outdates_is_to_be_planned_again() -> None:
    managing_row(version=2)
    run = run_row()

    assert outdated(run) == (
        "The managing account was edited after this was planned. Plan again."
    )


def test_a_plan_that_waits_unedited_is_not_outdated() -> None:
    managing_row()

    assert outdated(run_row()) == ""


def test_a_run_that_is_decided_is_outdated_no_more() -> None:
    managing_row(version=2)

    assert outdated(run_row(Status.VERIFIED)) == ""


def test_it_is_said_who_decided_before() -> None:
    applied = run_row(Status.VERIFIED, approved_by_name="olga")
    discarded = run_row(Status.DISCARDED)

    assert decided_already(applied) == "olga approved it already."
    assert decided_already(discarded) == "It is discarded already."
