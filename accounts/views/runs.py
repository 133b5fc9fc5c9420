"""Runs: read a plan, decide on it, watch it, and see what was proved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts import runs as decisions
from accounts.access import approver_required, operator_required
from accounts.diff import Diff, compare
from accounts.forms import ApproveForm
from accounts.models import CheckResult, ManagedAccount, ManagingAccount, Run, Step
from accounts.request import Request
from accounts.states import State, Status
from accounts.timeline import stages
from accounts.topologies import NameTaken, NoManagingAccount
from accounts.wizard import next_step, undone
from onboarding.providers.base import DetailsError

PAGE = 50
SHORT = 6
"""A new thing of so few lines is all told by its kind, name and reason."""

VERBS = ("create", "update", "delete")
AGAIN = {
    Run.Kind.ONBOARD: "Plan again",
    Run.Kind.MANAGING: "Plan again",
    Run.Kind.REMOVE: "Plan the removal again",
    Run.Kind.VERIFY: "Verify again",
}
FILTERS: dict[str, Callable[[str], Q]] = {
    "text": lambda text: Q(account_name__icontains=text),
    "kind": lambda kind: Q(kind=kind),
    "status": lambda status: Q(status=status),
}


class Change(NamedTuple):
    """A step of a plan, and what it does to the document."""

    step: Step
    diff: Diff
    opens: bool
    """Whether its document says more than the line above it: not an attachment's,
    and not what is deleted whole."""


def runs(request: Request) -> HttpResponse:
    """List the runs, newest first, as the filters in the URL ask."""
    asked = {key: request.GET.get(key, "").strip() for key in FILTERS}
    found = Run.objects.select_related("account", "created_by")
    for key, value in asked.items():
        if value:
            found = found.filter(FILTERS[key](value))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    shown = {
        "page": page,
        "filters": asked,
        "is_filtered": any(asked.values()),
        "kinds": Run.Kind.choices,
        "statuses": Status.values,
    }
    return render(request, "runs/runs.html", shown)


def run(request: Request, pk: UUID) -> HttpResponse:
    return run_page(request, run_of(pk))


def run_of(pk: UUID) -> Run:
    people = ("account", "created_by", "approved_by", "account__accepted_by")
    return get_object_or_404(Run.objects.select_related(*people), pk=pk)


def run_page(
    request: Request, run: Run, *, form: ApproveForm | None = None
) -> HttpResponse:
    """Show a run whole, with every document of its plan."""
    steps = list(run.steps.all())
    counts = counted(steps)
    deletes = counts["delete"]
    shown = {
        **progress(run, steps),
        "counts": counts.items(),
        "changes": [change_of(step) for step in steps],
        "form": form or ApproveForm(run=run, deletes=deletes),
        "is_outdated": run.status == Status.PLANNED and outdated(run),
        "back": back(run),
        "again": AGAIN[Run.Kind(run.kind)],
        "can_accept": waits_for_acceptance(run),
        "crumbs": [("Runs", reverse("accounts:runs"))],
    }
    return render(request, "runs/run.html", shown)


def change_of(step: Step) -> Change:
    diff = compare(step.before, step.after)
    opens = step.verb == "update" or (step.verb == "create" and diff.added > SHORT)
    return Change(step, diff, opens)


def progress(run: Run, steps: list[Step]) -> dict[str, Any]:
    """Gather what changes while a run is being worked on."""
    checks = list(CheckResult.objects.filter(run=run))
    return {
        "run": run,
        "steps": steps,
        "done": sum(step.status == Step.Status.DONE for step in steps),
        "checks": checks,
        "outcomes": Counter(check.outcome for check in checks).items(),
        "folded": (Status.VERIFIED, Status.EVALUATED, Status.REMOVED),
        "stages": stages(run, steps, checked=bool(checks)),
    }


def counted(steps: Iterable[Step]) -> dict[str, int]:
    counts = Counter(step.verb for step in steps)
    return {verb: counts[verb] for verb in VERBS}


def outdated(run: Run) -> bool:
    """Tell whether the account or the managing one was edited since it was planned."""
    managing = ManagingAccount.objects.first()
    if managing is None or managing.version != run.managing_version:
        return True
    return run.account is not None and run.account.version != run.version


def waits_for_acceptance(run: Run) -> bool:
    account = run.account
    return (
        account is not None
        and run.status == Status.EVALUATED
        and account.proof == State.EVALUATED
        and account.accepted_at is None
    )


def back(run: Run) -> str:
    """Give the page where what was planned can be edited."""
    if run.account is None:
        return reverse("accounts:managing")
    return reverse("accounts:wizard", args=[run.account.pk, "review"])


def run_progress(request: Request, pk: UUID) -> HttpResponse:
    """Answer the page's polling; once there is nothing to watch, let it load anew."""
    run = run_of(pk)
    if not run.is_working:
        return HttpResponse(headers={"HX-Refresh": "true"})
    steps = list(run.steps.defer("before", "after"))
    return render(request, "runs/_progress.html", progress(run, steps))


@approver_required
@require_POST
def run_approve(request: Request, pk: UUID) -> HttpResponse:
    """Approve a plan and hand it to a worker; one that deletes asks for the name."""
    run = run_of(pk)
    deletes = run.steps.filter(verb="delete").count()
    form = ApproveForm(request.POST, run=run, deletes=deletes)
    if outdated(run):
        messages.warning(request, "It was edited since it was planned. Plan again.")
    elif not form.is_valid():
        return run_page(request, run, form=form)
    elif not decisions.approve(run, request.user):
        tell_quicker(request, pk)
    return redirect(run)


def tell_quicker(request: Request, pk: UUID) -> None:
    now = run_of(pk)
    who = f"{now.approved_by} approved it" if now.approved_by else f"It is {now.status}"
    messages.info(request, f"{who} already: nothing happened twice.")


@approver_required
@require_POST
def run_discard(request: Request, pk: UUID) -> HttpResponse:
    run = run_of(pk)
    if decisions.discard(run):
        messages.success(request, "The plan is put aside; AWS is unchanged.")
    else:
        tell_quicker(request, pk)
    return redirect(run)


@operator_required
@require_POST
def run_again(request: Request, pk: UUID) -> HttpResponse:
    """Start a run of the same kind for the same account, as it is described now."""
    run = run_of(pk)
    if run.kind == Run.Kind.MANAGING:
        return started(request, lambda: decisions.plan_managing(request.user), run)
    account = run.account
    if account is None:
        messages.error(request, f"{run.account_name} was deleted from Bowline.")
        return redirect(run)
    start = STARTS[Run.Kind(run.kind)]
    return started(request, lambda: start(account, request.user), run)


STARTS: dict[str, Callable[..., Run]] = {
    Run.Kind.ONBOARD: decisions.plan,
    Run.Kind.REMOVE: decisions.remove,
    Run.Kind.VERIFY: decisions.verify,
}


@operator_required
@require_POST
def plan(request: Request, pk: UUID) -> HttpResponse:
    """Plan an account that is described to the end; else go where it is not."""
    account = account_of(pk)
    if undone(account):
        messages.warning(request, "Describe the account to the end, then plan it.")
        return redirect("accounts:wizard", account.pk, next_step(account))
    return started(request, lambda: decisions.plan(account, request.user), account)


@operator_required
@require_POST
def verify(request: Request, pk: UUID) -> HttpResponse:
    account = account_of(pk)
    return started(request, lambda: decisions.verify(account, request.user), account)


@operator_required
@require_POST
def remove(request: Request, pk: UUID) -> HttpResponse:
    account = account_of(pk)
    return started(request, lambda: decisions.remove(account, request.user), account)


@approver_required
@require_POST
def accept(request: Request, pk: UUID) -> HttpResponse:
    """Accept on record an account whose chain was read and not walked."""
    account = account_of(pk)
    if decisions.accept(account, request.user):
        messages.success(request, f"{account.name} is accepted: bundles hold it now.")
    else:
        messages.info(request, f"{account.name} does not wait for acceptance.")
    return redirect(account)


def account_of(pk: UUID) -> ManagedAccount:
    rows = ManagedAccount.objects.prefetch_related("providers")
    return get_object_or_404(rows, pk=pk)


def started(
    request: Request, start: Callable[[], Run], otherwise: Run | ManagedAccount
) -> HttpResponse:
    """Start a run and show it, or say why it cannot be."""
    try:
        return redirect(start())
    except decisions.RunOpen as error:
        messages.info(request, f"{error} This is it.")
        return redirect(error.run)
    except (DetailsError, NameTaken, NoManagingAccount) as error:
        messages.error(request, str(error))
        return redirect(otherwise)
