"""A run's plan as the engine's value, and its steps as rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from accounts.mapping.managed import cannot_be_read, managed_of
from accounts.models import Rollout, Run, Step
from onboarding.providers.base import not_recommended
from onboarding.resources.entry_changes import EntryChange, entry_changes
from onboarding.resources.kinds import Key, Role
from onboarding.resources.plan import Plan, PlannedChange
from onboarding.resources.risks import Risk, Topic
from onboarding.resources.take_over import TakeOver


def plan_of(run: Run, steps: Iterable[Step] | None = None) -> Plan:
    """Make the plan that a run holds; give its steps where they were read already."""
    account = run.account if run.kind == Run.Kind.ONBOARD else None
    managed = account and managed_of(account, without=cannot_be_read)
    return Plan(
        changes=tuple(
            change_of(step) for step in (run.steps.all() if steps is None else steps)
        ),
        not_recommended=not_recommended(managed) if managed else (),
        fingerprint=run.fingerprint,
        existing=run.existing,
        entries=entry_changes_of(run),
        listed=listed_of(run),
        others=others_of(run.evidence),
        decided=decided_of(run),
    )


def decided_of(run: Run) -> dict[str, Any]:
    """Return what the plan was found to touch, and who had caused it."""
    return {"reach": run.reach, "authors": run.authors} if run.reach else {}


def others_of(evidence: Iterable[Mapping[str, Any]]) -> tuple[Risk, ...]:
    """List who else can assume roles that stay and get permissions."""
    return tuple(
        Risk(
            Key(one["account"], Role.kind, one["role"]),
            Topic.EVERYONE if other["anybody"] else Topic.OTHERS,
            other["sentence"],
        )
        for one in evidence
        for other in one.get("others", ())
    )


def listed_of(run: Run) -> int:
    """Return how many roles Spinnaker's identity could assume where it loses any."""
    listed: int = run.reach.get("listed", 0)
    return listed


def take_over_of(job: Run | Rollout) -> TakeOver:
    """Return what people chose to take over, besides what is described."""
    return TakeOver.of(job.take_over)


def entry_changes_of(run: Run) -> tuple[EntryChange, ...]:
    """List what the plan changes of what Spinnaker knows."""
    return entry_changes(**run.entries)


def change_of(step: Step) -> PlannedChange:
    return PlannedChange(
        key=Key(step.account_id, step.kind, step.name),
        verb=step.verb,
        account_name=step.account_name,
        reason=step.reason,
        before=step.before,
        after=step.after,
        removed=frozenset(step.removed),
        added=frozenset(step.added),
    )


def steps_of(run: Run, plan: Plan) -> list[Step]:
    """Make a row for each change, in the plan's order; none is saved."""
    return [
        Step(
            run=run,
            position=position,
            account_id=change.key.account,
            kind=change.key.kind,
            name=change.key.name,
            verb=change.verb,
            account_name=change.account_name,
            reason=change.reason,
            before=change.before,
            after=change.after,
            removed=sorted(change.removed),
            added=sorted(change.added),
        )
        for position, change in enumerate(plan.changes)
    ]
