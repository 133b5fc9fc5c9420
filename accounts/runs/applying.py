"""Apply: compare again, refuse what nobody approved, carry out the rest.

It may be killed at any line: AWS is the truth, and the next worker compares again.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.mapping.entries import described_entries, keep_approved
from accounts.mapping.plans import plan_of
from accounts.models import (
    ForeignPolicy,
    FoundRoles,
    HandOff,
    ManagedAccount,
    Run,
)
from accounts.models.runs import finish_steps
from accounts.models.states import Status
from accounts.runs.carrying_out import Steps, carry_out
from accounts.runs.foreign.evidence import others_now
from accounts.runs.managing.applying import apply_shared, verify_managing_account
from accounts.runs.scope import Scope
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.resources.kinds import Key
from onboarding.resources.plan import Plan, PlanOutdated
from onboarding.spinnaker.entries import entries_of


def apply_run(run: Run, scope: Scope, sessions: Sessions) -> None:
    """Carry out what was approved, the managing side first, and nothing else.

    A removal, too: Spinnaker may not assume what is half deleted.
    """
    plan, steps = approved_plan(run, scope)
    # Read again, however recently it was planned: somebody may have changed it since.
    own = [(side, side.compared(sessions)) for side in scope.own]
    for side, one in own:
        plan.refuse_unapproved(one.changes)
        plan.refuse_others(others_now(side, one))
    apply_shared(run, scope, sessions, plan, steps)
    try:
        for side, one in own:
            changes = one.with_removals(approved=plan)
            carry_out(run, sessions, side.reach, changes, steps, held=run.extend_lease)
            side.hand_on(sessions, one, changes)
    except AwsError:
        verify_managing_account(
            run, sessions
        )  # the run ends here, without a verification
        raise
    if run.kind == Run.Kind.REMOVE:
        verify_managing_account(run, sessions)


def approved_plan(run: Run, scope: Scope) -> tuple[Plan, Steps]:
    """Return the plan with its steps; raise PlanOutdated where it is no longer what is
    described.
    """
    if edit := run.outdated_by(scope.account, scope.row):
        raise PlanOutdated(edit)
    refuse_other_entries(run, scope)
    rows = list(run.steps.all())
    steps = {Key(step.account_id, step.kind, step.name): step for step in rows}
    return plan_of(run, rows), steps


def refuse_other_entries(run: Run, scope: Scope) -> None:
    """Raise PlanOutdated where Spinnaker would know what nobody approved."""
    if run.kind != Run.Kind.ONBOARD or not (scope.account and scope.managed):
        return
    approved = [run.entries.get("after", [])]
    described = [described_entries(scope.managing, scope.managed)]
    if entries_of(scope.managing, approved) != entries_of(scope.managing, described):
        raise PlanOutdated(
            f"Spinnaker's configuration of {scope.account.name} differs from the plan."
        )


@transaction.atomic
def finish(run: Run) -> None:
    """Hand the run on to its verification, or end it where everything was removed."""
    removes = run.kind == Run.Kind.REMOVE
    to = Status.REMOVED if removes else Status.VERIFYING
    run.carry(to, since=(Status.APPLYING,))
    now = timezone.now()
    finish_steps(run.steps.all(), "Already existed.", now)
    if removes:
        ManagedAccount.objects.filter(pk__in=[run.account_id]).remove()
        ForeignPolicy.objects.filter(account=run.account_id).delete()
        FoundRoles.objects.filter(account=run.account_id).delete()
        HandOff.objects.in_force().filter(account=run.account_id).update(removed_at=now)
    else:
        keep_approved(run)
