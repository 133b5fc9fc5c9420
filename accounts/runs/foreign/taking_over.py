"""Take over roles that were there before Bowline: a plan for each step, and its undo.

1. Bowline's own policies are next to those of others: any plan of an account that
   adopts its roles does that.
2. Policies of others are detached.
3. Bowline's trust policy replaces the one that was there on the managed role.
4. The roles become Bowline's.

Roles that AWS's services assume keep a trust policy that differs, and stay their
owner's, unless people choose these by themselves.

Each is a plan that people approve, and each can be undone: the steps of a run say what
was there before, and such runs are kept.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.decisions.decision import decision
from accounts.decisions.locks import hold_nothing
from accounts.external_ids import Held, held_now
from accounts.mapping.plans import take_over_of
from accounts.models import Activity, ManagedAccount, Run, Step
from accounts.models.people import MovedMeanwhile
from accounts.models.runs import RunQuerySet
from accounts.models.states import OPEN, State, Status
from accounts.people.deciding import outside_of
from accounts.people.reach import around, around_its_account, reach_of_run
from accounts.people.roles import OPERATOR, has_role
from accounts.refused import Refused
from accounts.runs import actions
from accounts.runs.results import TrustProblem, trust_problem
from onboarding.resources.kinds import Key
from onboarding.resources.plan import Plan
from onboarding.resources.take_over import Done, TakeOver

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SESSIONS_LAST = timedelta(minutes=65)
"""How long Spinnaker may still use a session of before a trust policy changed: an hour
at most, as roles that are assumed one from the other have it, and some minutes until it
asks for the next one."""
UNDOES = "Undoes "
"""How the comment of an undo begins that was approved with the step."""
UNDONE_WITHIN = timedelta(hours=24)
"""How long whoever approves a step approves its undo, too: an outage can't wait."""


class CannotTakeOver(Refused, ValueError):
    """The account's roles can't be taken over so now; the message says why."""

    code = "CANNOT_TAKE_OVER"


@decision(
    "plan to take over existing roles",
    OPERATOR,
    Activity.What.PLAN,
    touches=around,
    locks=actions.hold_with_runs,
)
def take_over(account: ManagedAccount, by: User | None, choice: TakeOver) -> Run:
    """Plan a step; raise CannotTakeOver, or as `actions.plan` does."""
    if reason := why_not(account, choice):
        raise CannotTakeOver(reason)
    return actions.plan.function(account, by, take_over=choice)


def why_not(account: ManagedAccount, choice: TakeOver, held: Held | None = None) -> str:
    """Say why this can't be planned now; empty: it can."""
    name = account.name
    if not choice:
        return "Select at least one policy to detach."
    if not account.adopts:
        return f"{name} doesn't use existing roles, so there's nothing to take over."
    if account.is_handed_off:
        return f"The roles of {name} are its owner's to change."
    if choice.undoes:
        return ""
    problem = unverified_by_trust(account)
    if problem and not (choice.trust or choice.services_trust):
        return (
            f"{name} isn't verified because of the trust policy of its role. Replace "
            "the trust policy first."
        )
    if not account.verified and account.verification == State.EVALUATED:
        return (
            f"{name} was evaluated, not verified, because Bowline can't assume "
            "Spinnaker's identity. Have an approver accept it on its page first."
        )
    if not (account.verified or problem):
        return (
            f"{name} isn't verified yet. Plan and verify it first, so that Bowline's "
            "policies are on the role before others are detached."
        )
    if problem is TrustProblem.DENIES:
        return ""  # Spinnaker can't assume the role, whatever external ID it sends
    if (choice.trust or choice.owns) and not sends_external_id(account, held):
        sent = f"Spinnaker doesn't send the external ID of {name} yet."
        if not account.verified:
            return (
                f"{sent} Enter the one that it sends, or none, in the account's Access "
                "step, and plan the account again."
            )
        return (
            f"{sent} Install a bundle that contains it and mark it as installed, or "
            "deliver the account. Until then, the new trust policy would deny "
            "Spinnaker."
        )
    return ""


def unverified_by_trust(account: ManagedAccount) -> TrustProblem | None:
    """Return what the trust policies of existing roles do if the account isn't verified
    only because of them: a step replaces them. None: it isn't so.
    """
    broken = account.state in (State.FAILED, State.DRIFTED)
    if not (account.adopts and broken) or account.is_handed_off:
        return None
    run = account.runs.checked().first()
    return trust_problem(run) if run else None


def sends_external_id(account: ManagedAccount, held: Held | None) -> bool:
    """Return whether Spinnaker sends what the trust policy would accept, which in a
    rotation is either: it did so before Bowline, it has loaded it, or a bundle with it
    is installed.
    """
    sent = account.spinnakers_external_id
    accepted = {sent, account.former_external_id} - {""}
    if not sent or account.own_external_id in accepted:
        return True
    return (held or held_now()).is_sent(account.account_id, *accepted)


@decision(
    "undo what was taken over",
    OPERATOR,
    Activity.What.PLAN,
    Activity.What.UNDO,
    touches=around_its_account,
    locks=hold_nothing,  # what is started holds its account, after its open runs
)
def undo(run: Run, by: User | None) -> Run:
    """Plan to put back what a run took over; raise CannotTakeOver, or as
    `actions.plan` does.
    """
    if reason := why_not_undo(run):
        raise CannotTakeOver(reason)
    assert run.account is not None
    choice = TakeOver(undoes=tuple(done_by(run)), undone_run=run.number)
    return take_over(run.account, by, choice)


def why_not_undo(run: Run) -> str:
    if run.account is None or not (run.take_over and done_by(run)):
        return f"{run.title} took nothing over that could be undone."
    if run.status in OPEN:
        return f"{run.title} is in progress. Wait until it finishes."
    return ""


def begin_undo(run: Run, plan: Plan) -> bool:
    """Carry out an undo that was approved with the step that it undoes, in the name of
    whoever asked for it; False where a person must approve it: more than the undo of
    that step is planned, its approval no longer counts, or the person may not.
    """
    choice = take_over_of(run)
    if plan.losses or plan.entries:
        return False
    if not choice.puts_back(change.key for change in plan.changes):
        return False
    undone = approved_still(run, choice.undone_run)
    if undone is None or not may_undo(run):
        return False
    comment = f"{UNDOES}{undone.title.lower()}, approved by {undone.approved_by_name}."
    try:
        with transaction.atomic():
            digest = {"approved_digest": plan.digest}
            run.approve(Status.APPLYING, run.created_by, comment, **digest)
            if not run.unedited_subject.begin_applying():
                raise MovedMeanwhile(f"{run} has no account.")
            actions.record_run(run.created_by, Activity.What.UNDO, run)
    except MovedMeanwhile:
        return False
    return True


def approved_still(run: Run, undone_run: int) -> Run | None:
    """Find the step that is undone, if its approval holds for its undo: it was given
    lately, in the environments that the account is in, and nothing was approved for
    the account since. The undo of an undo would prolong an approval.
    """
    since = timezone.now() - UNDONE_WITHIN
    rows = Run.objects.filter(account=run.account_id)
    undone = rows.filter(number=undone_run, approved_at__gt=since).first()
    if undone is None or take_over_of(undone).undoes:
        return None
    if rows.filter(approved_at__gt=undone.approved_at).exists():
        return None
    here = reach_of_run(run).environments
    return undone if reach_of_run(undone).environments == here else None


def may_undo(run: Run) -> bool:
    """Return whether whoever asked for it may still plan for the account."""
    by = run.created_by
    if by is None:
        return not run.created_by_name
    return has_role(by, OPERATOR) and not outside_of(reach_of_run(run), by, OPERATOR)


def done_by(run: Run) -> list[Done]:
    """List what the run changed, the last first."""
    steps = run.steps.filter(status=Step.Status.DONE).order_by("-position")
    return [
        Done(Key(step.account_id, step.kind, step.name), step.verb, step.before)
        for step in steps
    ]


def taken_by(account: ManagedAccount) -> RunQuerySet:
    """Find the runs that took something of the account over, the newest first."""
    return account.runs.exclude(take_over={}).filter(approved_at__isnull=False)


def settles_at(account: ManagedAccount) -> datetime | None:
    """Return until when Spinnaker may use sessions of before the trust policy last
    changed; None: a later verification has assumed the role since.
    """
    changed = Q(steps__kind="role", steps__verb="update", steps__status="done")
    run = taken_by(account).filter(changed, finished_at__isnull=False).first()
    if run is None or run.finished_at is None:
        return None
    until = run.finished_at + SESSIONS_LAST
    verified = account.verified_at or run.finished_at
    return until if verified < until or timezone.now() < until else None
