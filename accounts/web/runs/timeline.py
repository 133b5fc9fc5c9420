"""A run as one line of stages: plan, approve, apply, verify; which is done, and when.

Pure: computed from the run's row and from its steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.mapping.plans import entry_changes_of
from accounts.models import Run, Step
from accounts.models.states import OPEN, UNSUCCESSFUL, Status

DONE, NOW, WAITS, FAILED, AHEAD, SKIPPED = (
    "done",
    "running",
    "waiting",
    "failed",
    "ahead",
    "skipped",
)


@dataclass(frozen=True, slots=True)
class Stage:
    title: str
    state: str
    """`done`, `running`, `waiting` for a person, `failed`, `ahead` or `skipped`."""
    about: str = ""
    moment: datetime | None = None
    seconds: float | None = None


def stages(run: Run, steps: Sequence[Step], *, checked: bool) -> tuple[Stage, ...]:
    """List the run's stages; a run that only verifies has one."""
    verify = Stage(
        "Verify", verify_state(run, steps, checked=checked), verification(run)
    )
    if run.kind == Run.Kind.VERIFY:
        return (verify,)
    entries = entry_changes_of(run)
    planned = bool(steps or entries or checked)
    plan = Stage(
        title="Plan",
        state=plan_state(run, planned=planned),
        about=changes_in_words(len(steps), len(entries)) if planned else "",
        moment=run.created_at,
    )
    approve = Stage(
        title="Approve",
        state=approve_state(run),
        about=f"by {run.approved_by_name}" if run.approved_by_name else "",
        moment=run.approved_at,
    )
    removes = run.kind == Run.Kind.REMOVE
    apply = Stage(
        title="Remove" if removes else "Apply",
        state=apply_state(run, steps),
        about=progress(steps) if run.approved_at and steps else "",
        seconds=seconds_of(steps),
    )
    line = (plan, approve, apply)
    return line if removes else (*line, verify)


def changes_in_words(in_aws: int, in_spinnaker: int) -> str:
    """Count as the rest of the page does."""
    more = f", {in_spinnaker} in Spinnaker" if in_spinnaker else ""
    return f"{in_aws} in AWS{more}"


def progress(steps: Sequence[Step]) -> str:
    done = sum(step.status == Step.Status.DONE for step in steps)
    return f"{done} of {len(steps)} done"


def seconds_of(steps: Sequence[Step]) -> float | None:
    """Measure from the first step's start to the last one's end."""
    starts = [step.started_at for step in steps if step.started_at]
    ends = [step.finished_at for step in steps if step.finished_at]
    return (max(ends) - min(starts)).total_seconds() if starts and ends else None


def ended_badly(run: Run) -> bool:
    return run.status in UNSUCCESSFUL


def all_done(steps: Sequence[Step]) -> bool:
    return all(step.status == Step.Status.DONE for step in steps)


def plan_state(run: Run, *, planned: bool) -> str:
    if run.status == Status.PLANNING:
        return NOW
    return FAILED if ended_badly(run) and not planned else DONE


def approve_state(run: Run) -> str:
    """Nothing to change needs nobody's approval: it is skipped then."""
    if run.approved_at:
        return DONE
    match run.status:
        case Status.PLANNING:
            return AHEAD
        case Status.PLANNED:
            return WAITS
        case _:
            return SKIPPED


def apply_state(run: Run, steps: Sequence[Step]) -> str:
    if run.status == Status.APPLYING:
        return NOW
    if run.status == Status.HANDED_OFF:
        return WAITS
    if run.status in (Status.PLANNING, Status.PLANNED, Status.APPROVED):
        return AHEAD
    if not run.approved_at:
        return SKIPPED
    return FAILED if ended_badly(run) and not all_done(steps) else DONE


def verify_state(run: Run, steps: Sequence[Step], *, checked: bool) -> str:
    match run.status:
        case Status.VERIFYING:
            return NOW
        case Status.VERIFIED | Status.EVALUATED:
            return DONE
        case status if status in OPEN:
            return AHEAD
    reached = checked or run.kind == Run.Kind.VERIFY
    applied = bool(run.approved_at) and all_done(steps)
    return FAILED if ended_badly(run) and (reached or applied) else SKIPPED


def verification(run: Run) -> str:
    if run.status not in (Status.VERIFIED, Status.EVALUATED):
        return ""
    return run.verification
