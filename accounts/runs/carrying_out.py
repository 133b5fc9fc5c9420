"""Carry out changes in AWS, each of them noted on its step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.utils import timezone

from accounts.mapping.managing import managing_row
from accounts.mapping.plans import steps_of
from accounts.models import (
    Run,
    Step,
)
from accounts.models.runs import note_all
from onboarding.aws.apply import apply
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.resources.kinds import Key
from onboarding.resources.plan import Change, Plan, PlannedChange
from onboarding.topology import Reach

Steps = dict[Key, Step]


def carry_out(
    run: Run,
    sessions: Sessions,
    reach: Reach,
    changes: Iterable[Change],
    steps: Steps,
    *,
    held: Callable[[], None],
) -> None:
    """Carry out changes one by one. `held` raises LeaseLost once another worker took
    over: it is asked before every write to AWS, and each write to a step asks itself.
    """
    done: dict[Step, dict[str, Any]] = {}
    for change in changes:
        step = steps.get(change.resource.key)
        if step is None:
            held()
            step = step_more(run, change)
        begins = {"status": Step.Status.RUNNING, "started_at": timezone.now()}
        note_all(run, {**done, step: begins})
        try:
            apply(sessions, reach, change, before_write=held, waiting=run.say)
        except AwsError as error:
            step.note(
                run,
                status=Step.Status.FAILED,
                finished_at=timezone.now(),
                message=error.message,
                hint=error.hint,
            )
            raise
        done = {step: {"status": Step.Status.DONE, "finished_at": timezone.now()}}
    if done:
        note_all(run, done)


def step_more(run: Run, change: Change) -> Step:
    """Record what no step is about: a policy that the list of accounts needs now."""
    planned = PlannedChange.of(change, managing_row().name)
    (step,) = steps_of(run, Plan(changes=(planned,)))
    step.position = run.steps.count()
    step.save()
    return step
