"""What becomes of a step is written by the worker that holds its run, and no other."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.mapping.managing import managing_of
from accounts.models import ManagingAccount, Run, Step
from accounts.models.lease import LeaseLost
from accounts.models.runs import note_all
from accounts.models.states import Status
from accounts.runs.carrying_out import carry_out
from onboarding.aws.session import Sessions
from onboarding.resources.kinds import ServiceLinkedRole
from onboarding.resources.plan import Create
from tests.rows import run_row, step_row


@pytest.fixture
def step(managing) -> Step:
    run = run_row(Status.APPLYING)
    assert run.take_lease()
    return step_row(run)


def status_of(step: Step) -> str:
    return Step.objects.get(pk=step.pk).status


def test_who_holds_the_run_writes(step: Step) -> None:
    step.note(step.run, status=Step.Status.RUNNING)

    assert status_of(step) == Step.Status.RUNNING


def test_nothing_else_of_the_step_and_no_other_step_is_written(step: Step) -> None:
    other = step_row(step.run, position=1)
    step.refresh_from_db()
    before, rest = vars(step).copy(), vars(Step.objects.get(pk=other.pk))

    step.note(step.run, status=Step.Status.FAILED, message="“Denied” 100 %s", hint="")

    after = vars(Step.objects.get(pk=step.pk))
    changed = {name for name in after if after[name] != before[name]} - {"_state"}
    assert changed == {"status", "message"}
    assert after["message"] == "“Denied” 100 %s"
    again = vars(Step.objects.get(pk=other.pk))
    assert {name for name in again if again[name] != rest[name]} <= {"_state"}


def test_each_of_several_steps_is_written_what_it_is_given(step: Step) -> None:
    other, third = step_row(step.run, position=1), step_row(step.run, position=2)
    moment = timezone.now()

    note_all(
        step.run,
        {
            step: {"status": Step.Status.DONE, "finished_at": moment},
            other: {"status": Step.Status.RUNNING, "started_at": moment},
        },
    )

    kept = Step.objects.filter(run=step.run).order_by("position")
    assert list(kept.values_list("status", "started_at", "finished_at")) == [
        (Step.Status.DONE, step.started_at, moment),
        (Step.Status.RUNNING, moment, other.finished_at),
        (third.status, third.started_at, third.finished_at),
    ]


def test_one_step_of_another_run_is_enough_for_a_refusal(step: Step) -> None:
    other = run_row(Status.VERIFYING, account=None, kind=Run.Kind.MANAGING)
    foreign = {"status": Step.Status.DONE}

    with pytest.raises(LeaseLost):
        note_all(step.run, {step: foreign, step_row(other): foreign})


def test_who_holds_another_run_writes_nothing(step: Step) -> None:
    before = status_of(step)
    other = run_row(Status.VERIFYING, account=None, kind=Run.Kind.MANAGING)
    assert other.take_lease()

    with pytest.raises(LeaseLost):
        step.note(other, status=Step.Status.DONE)

    assert status_of(step) == before


def test_who_lost_the_run_writes_nothing(step: Step) -> None:
    before = status_of(step)
    mine = step.run
    Run.objects.update(leased_until=None)
    assert Run.objects.get().take_lease()

    with pytest.raises(LeaseLost):
        step.note(mine, status=Step.Status.DONE)

    assert status_of(step) == before


def test_who_let_go_of_the_run_writes_nothing(step: Step) -> None:
    before = status_of(step)
    step.run.free_lease()

    with pytest.raises(LeaseLost):
        step.note(step.run, status=Step.Status.DONE)

    assert status_of(step) == before


def test_who_lost_the_run_adds_no_step_for_what_none_was_planned(step: Step) -> None:
    mine, reach = step.run, managing_of(ManagingAccount.objects.get()).reach
    change = Create(ServiceLinkedRole(account=reach.account_id, name="r"))
    mine.free_lease()

    with pytest.raises(LeaseLost):
        carry_out(mine, Sessions("worker"), reach, [change], {}, held=mine.extend_lease)

    assert Step.objects.get() == step
