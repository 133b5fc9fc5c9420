from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Run, Step
from accounts.models.states import Status
from accounts.runs.foreign.taking_over import UNDOES
from accounts.web.runs.views import Stage, approval, failed_at, stages
from onboarding.resources.take_over import TakeOver

NOW = timezone.now()


def run(status: Status, **fields: object) -> Run:
    return Run(status=status, created_at=NOW, **fields)


def steps(*statuses: str) -> list[Step]:
    return [Step(status=status) for status in statuses]


def states(found: tuple[Stage, ...]) -> dict[str, str]:
    return {stage.title.lower(): stage.state for stage in found}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.PLANNING, "running ahead ahead ahead"),
        (Status.PLANNED, "done waiting ahead ahead"),
        (Status.DISCARDED, "done skipped skipped skipped"),
        (Status.FAILED, "failed skipped skipped skipped"),
        (Status.OUTDATED, "failed skipped skipped skipped"),
        (Status.ERRORED, "failed skipped skipped skipped"),
    ],
)
def test_a_run_that_nobody_approved(status: Status, expected: str) -> None:
    ended = (Status.FAILED, Status.OUTDATED, Status.ERRORED)
    made = [] if status in ended else steps("pending")

    found = stages(run(status), made, checked=False)

    assert " ".join(states(found).values()) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.APPLYING, "done done running ahead"),
        (Status.VERIFYING, "done done done running"),
        (Status.VERIFIED, "done done done done"),
        (Status.EVALUATED, "done done done done"),
        (Status.FAILED, "done done done failed"),
        (Status.ERRORED, "done done done failed"),
    ],
)
def test_a_run_that_was_approved(status: Status, expected: str) -> None:
    approved = run(status, approved_at=NOW)

    found = stages(approved, steps("done", "done"), checked=False)

    assert " ".join(states(found).values()) == expected


def test_what_was_approved_and_then_discarded_was_not_applied() -> None:
    stopped = run(Status.DISCARDED, approved_at=NOW)

    found = stages(stopped, steps("pending"), checked=False)

    assert " ".join(states(found).values()) == "done done skipped skipped"


def test_a_failed_step_fails_the_apply() -> None:
    approved = run(Status.FAILED, approved_at=NOW)

    found = stages(approved, steps("done", "failed", "pending"), checked=False)

    assert states(found)["apply"] == "failed"
    assert states(found)["verify"] == "skipped"
    assert found[2].about == "1 of 3 done"


def test_a_failed_check_fails_the_verification() -> None:
    found = stages(run(Status.FAILED), [], checked=True)

    assert states(found) == {
        "plan": "done",
        "approve": "skipped",
        "apply": "skipped",
        "verify": "failed",
    }


def test_nothing_to_change_needs_no_approval() -> None:
    found = stages(run(Status.VERIFIED), [], checked=True)

    assert states(found)["approve"] == "skipped"
    assert states(found)["verify"] == "done"


def test_a_verification_has_one_stage() -> None:
    found = stages(run(Status.FAILED, kind=Run.Kind.VERIFY), [], checked=False)

    assert states(found) == {"verify": "failed"}


def test_a_removal_verifies_nothing() -> None:
    removal = run(Status.REMOVED, kind=Run.Kind.REMOVE, approved_at=NOW)

    found = stages(removal, steps("done"), checked=False)

    assert states(found) == {"plan": "done", "approve": "done", "remove": "done"}


def test_what_is_planned_is_apart_from_when() -> None:
    plan, *_ = stages(run(Status.PLANNED), steps("pending"), checked=False)

    assert plan.about == "1 in AWS ·"


def test_the_time_of_all_steps_is_told() -> None:
    made = steps("done", "done")
    made[0].started_at, made[0].finished_at = NOW, NOW + timedelta(seconds=2)
    made[1].started_at = NOW + timedelta(seconds=3)
    made[1].finished_at = NOW + timedelta(seconds=5)

    found = stages(run(Status.VERIFIED, approved_at=NOW), made, checked=True)

    assert found[2].seconds == 5


@pytest.mark.parametrize(
    ("fields", "made", "checked", "title"),
    [
        ({}, "", False, "The plan couldn't be created"),
        ({}, "pending", False, "The run failed before it changed AWS"),
        ({"approved_at": NOW}, "failed", False, "The run stopped while changing AWS"),
        (
            {"kind": "remove", "approved_at": NOW},
            "failed",
            False,
            "The run stopped while changing AWS",
        ),
        ({"approved_at": NOW}, "done", True, "Verification failed"),
        ({"kind": "verify"}, "", False, "Verification failed"),
        ({"kind": "verify"}, "", True, "Verification failed"),
    ],
)
def test_a_failed_run_is_titled_by_the_stage_it_came_to(
    fields: dict, made: str, checked: bool, title: str
) -> None:
    found = stages(run(Status.FAILED, **fields), steps(*made.split()), checked=checked)

    assert failed_at(found) == title


def test_an_undo_was_approved_with_its_step_and_by_no_one_again() -> None:
    by = run(Status.APPLYING, approved_at=NOW, approved_by_name="paula")
    undo = run(
        Status.APPLYING,
        approved_at=NOW,
        approved_by_name="olivia",
        approval_comment=f"{UNDOES}run 7, approved by paula.",
        take_over=TakeOver(owns=True, undone_run=7).as_json(),
    )

    assert approval(by) == "by paula"
    assert approval(undo) == "with run 7, which it undoes"
    assert stages(undo, [], checked=False)[1].about == approval(undo)
