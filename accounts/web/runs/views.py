"""One run: read its plan, decide on it, watch it, and see what was proved."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from accounts.http import Request
from accounts.mapping.handing_off import hand_off_of
from accounts.mapping.managing import NoManagingAccount, managing_row
from accounts.mapping.plans import plan_of
from accounts.models import ManagingAccount, Run, Step
from accounts.models.states import State, Status
from accounts.people.authors import authors_of_run
from accounts.people.deciding import judge
from accounts.people.reach import DecisionReach, reach_of_run
from accounts.runs.actions import approve
from accounts.runs.deciding.before_approval import before_approval
from accounts.runs.deciding.coming_first import (
    open_managing_run,
    waiting_for_managing,
)
from accounts.runs.deciding.confirmation import (
    lost_in_words,
    names_of_ids,
    plan_in_words,
)
from accounts.runs.results import results_of
from accounts.web.accounts.verdict import lines_of
from accounts.web.crumbs import crumbs
from accounts.web.live.state import live_run
from accounts.web.live.views import watched
from accounts.web.role_limits.here import here, without_limit
from accounts.web.runs.before_approval import brings
from accounts.web.runs.fixes import fixes_of
from accounts.web.runs.forms import ApproveForm
from accounts.web.runs.review.plans import Review, review
from accounts.web.runs.timeline import stages
from onboarding.details import DetailsError
from onboarding.resources.plan import Plan
from onboarding.resources.policy import QuotaExceeded

AGAIN = {
    Run.Kind.ONBOARD: "Plan again",
    Run.Kind.MANAGING: "Plan again",
    Run.Kind.REMOVE: "Plan the removal again",
    Run.Kind.VERIFY: "Verify again",
}


def run(request: Request, pk: UUID) -> HttpResponse:
    return run_page(request, run_of(pk))


def run_of(pk: UUID) -> Run:
    return get_object_or_404(Run.objects.select_related("account"), pk=pk)


def run_page(
    request: Request, run: Run, *, form: ApproveForm | None = None
) -> HttpResponse:
    """Show a run whole, with every document of its plan."""
    if run.is_working:
        return working_page(request, run)
    live, reach = watched(request, live_run(run)), reach_of_run(run)
    waits = run.status == Status.PLANNED
    authors = authors_of_run(run, reach) if waits else {}
    steps = list(run.steps.all())
    plan = plan_of(run, steps)
    known = before_approval(run, plan, reach, authors)
    managing = ManagingAccount.objects.first()
    edit = run.outdated_by(run.account, managing) if waits else ""
    shown = {
        "live": live,
        "managing": managing,
        **progress(run, steps),
        "plan": plan,
        "review": review_of(run, plan),
        "lost": "" if run.kind == Run.Kind.REMOVE else lost_in_words(plan),
        **known,
        "form": form
        or ApproveForm(
            run=run,
            says=plan_in_words(run, plan),
            asks_test=known["test"],
            initial={"digest": plan.digest},
        ),
        "brings": brings(run),
        "same_person": judge(reach, authors, request.user).same_person if waits else "",
        **order(run, comes_first=known["comes_first"]),
        "same": others_same(run),
        "outdated_by": edit,
        "waits": waits and not edit,
        "back": back(run),
        "again": AGAIN[Run.Kind(run.kind)],
        "can_accept": waits_for_acceptance(run),
        "fixes": fixes_of(run),
        "delete_command": delete_command(run),
        "ask_approver": partial(approve.whom, run, request.user),
        **limits(request, reach),
        "crumbs": above(run),
    }
    return render(request, "runs/run.html", shown)


def order(run: Run, *, comes_first: str) -> dict[str, Any]:
    """Name the run that comes before this one, or which plan waits for this one."""
    if run.kind == Run.Kind.MANAGING:
        return {"next_plan": waiting_for_managing().first()}
    if comes_first:
        return {"managing_run": open_managing_run()}
    return {}


def limits(request: Request, reach: DecisionReach) -> dict[str, Any]:
    """Return what a limited role may do here."""
    if reach.for_all:
        return without_limit(request, reach.for_all)
    return here(request, *reach.environments)


def working_page(request: Request, run: Run) -> HttpResponse:
    """Show how far a run is, which is asked for often: none of its documents."""
    live = watched(request, live_run(run))
    steps = list(run.steps.defer("before", "after"))
    shown = {"live": live, "crumbs": above(run), **progress(run, steps)}
    return render(request, "runs/run.html", shown)


def above(run: Run) -> list[tuple[str, str]]:
    """Lead back to the list, and to the rollout that the run is part of."""
    here = crumbs("runs")
    if run.rollout_id is not None:
        url = reverse("accounts:rollout", args=[run.rollout_id])
        here.append((f"Rollout {run.rollout_id}", url))
    return here


def review_of(run: Run, plan: Plan) -> Review:
    own = "" if run.kind == Run.Kind.MANAGING else run.account_name
    return review(plan, own, names_of(plan))


def names_of(plan: Plan) -> dict[str, str]:
    """Name the accounts that the plan takes from Spinnaker or gives it, by id."""
    return names_of_ids(account for risk in plan.risks for account in risk.accounts)


def others_same(run: Run) -> int:
    """Count the other plans that can be approved together with this one."""
    if run.status != Status.PLANNED:
        return 0
    return Run.objects.same_anywhere(run.fingerprint).exclude(pk=run.pk).count()


def progress(run: Run, steps: list[Step]) -> dict[str, Any]:
    """Gather what changes while a run is in progress."""
    checks = results_of(run)
    return {
        "run": run,
        "steps": steps,
        "lines": lines_of(checks, only_read=run.status == Status.EVALUATED),
        "done": sum(step.status == Step.Status.DONE for step in steps),
        "checks": checks,
        "folded": (Status.VERIFIED, Status.EVALUATED, Status.REMOVED),
        "stages": stages(run, steps, checked=bool(checks)),
    }


def delete_command(run: Run) -> str:
    """Return what the account's owner runs; empty where no removal waits for that."""
    removes = run.kind == Run.Kind.REMOVE and run.status == Status.HANDED_OFF
    if not removes or run.account is None:
        return ""
    try:
        one = hand_off_of(managing_row(), run.account)
    except (DetailsError, NoManagingAccount, QuotaExceeded):
        return ""  # Its look says what cannot be described.
    return "" if one.stack_sets else one.delete_command


def waits_for_acceptance(run: Run) -> bool:
    account = run.account
    return (
        account is not None
        and run.status == Status.EVALUATED
        and account.verification == State.EVALUATED
        and account.accepted_at is None
    )


def back(run: Run) -> str:
    """Return the page where what was planned can be edited."""
    if run.account is None:
        return reverse("accounts:managing")
    return reverse("accounts:wizard", args=[run.account.pk, "review"])
