"""What people decide about plans and accounts; each press redirects to what it did."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect

from accounts.http import Request
from accounts.mapping.completeness import missing
from accounts.mapping.plans import plan_of
from accounts.models import ManagedAccount, Run
from accounts.models.states import Status
from accounts.people.deciding import PlanChanged, SamePerson
from accounts.people.doors import posted_by_approver, posted_by_operator
from accounts.runs import actions
from accounts.runs.deciding.access_tests import AccessUntested, asks_for_test
from accounts.runs.deciding.coming_first import ManagingFirst
from accounts.runs.deciding.confirmation import plan_in_words
from accounts.runs.deciding.lateness import (
    decided_already,
    nothing_to_accept,
    outdated,
    outdated_by,
)
from accounts.runs.deciding.starting import REFUSALS, start_again
from accounts.runs.owners.looking import look_soon
from accounts.runs.owners.word import not_awaited, take_word
from accounts.web.runs.forms import ApproveForm
from accounts.web.runs.views import run_of, run_page
from accounts.web.wizard.steps import next_step


@posted_by_approver
def run_approve(request: Request, pk: UUID) -> HttpResponse:
    """Approve a plan and hand it to a worker; one that deletes, or that takes accounts
    from Spinnaker, asks for the name.
    """
    run = run_of(pk)
    plan = plan_of(run)
    says, test = plan_in_words(run, plan), asks_for_test(run, plan)
    form = ApproveForm(request.POST, run=run, says=says, asks_test=test)
    if edit := outdated_by(run):
        messages.warning(request, f"{edit} Plan again.")
    elif not form.is_valid():
        return run_page(request, run, form=form)
    else:
        decide(request, run, digest=form.cleaned_data["digest"], **form.decided)
    return redirect(run)


NOT_APPROVED = (AccessUntested, SamePerson, ManagingFirst, actions.StillInSpinnaker)


def decide(request: Request, run: Run, *, digest: str, **said: str) -> None:
    try:
        if not actions.approve(run, request.user, read=digest, **said):
            tell_quicker(request, run.pk)
    except PlanChanged as error:
        if run_of(run.pk).status == Status.PLANNED:
            messages.error(request, str(error))
        else:
            tell_quicker(request, run.pk)
    except NOT_APPROVED as error:
        messages.error(request, str(error))


def tell_quicker(request: Request, pk: UUID) -> None:
    now = run_of(pk)
    if edit := outdated(now):
        messages.warning(request, edit)
    else:
        messages.info(request, decided_already(now))


@posted_by_approver
def run_discard(request: Request, pk: UUID) -> HttpResponse:
    run = run_of(pk)
    if actions.discard(run, request.user):
        messages.success(request, f"{run.title} is discarded. Nothing changed in AWS.")
    else:
        tell_quicker(request, pk)
    return redirect(run)


@posted_by_operator
def run_again(request: Request, pk: UUID) -> HttpResponse:
    """Start a run of the same kind for the same account, as it is described now."""
    run = run_of(pk)
    return started(request, lambda: start_again(run, request.user), run)


@posted_by_operator
def plan(request: Request, pk: UUID) -> HttpResponse:
    """Plan an account that is described to the end; else go where it is not."""
    account = account_of(pk)
    if missing(account):
        messages.warning(
            request, "Complete the account's steps, then plan the account."
        )
        return redirect("accounts:wizard", account.pk, next_step(account))
    return started(request, lambda: actions.plan(account, request.user), account)


@posted_by_operator
def verify(request: Request, pk: UUID) -> HttpResponse:
    account = account_of(pk)
    return started(request, lambda: actions.verify(account, request.user), account)


@posted_by_operator
def remove(request: Request, pk: UUID) -> HttpResponse:
    """Plan a removal; of an account that Spinnaker may have only where its name was
    typed by somebody who knows better.
    """
    account = account_of(pk)
    never_told = request.POST.get("never_told", "").strip() == account.name

    def start() -> Run:
        return actions.remove(account, request.user, never_told=never_told)

    return started(request, start, account)


@posted_by_operator
def look(request: Request, pk: UUID) -> HttpResponse:
    """Look at once whether the account's owner is done."""
    run = get_object_or_404(Run, pk=pk)
    if look_soon(run, request.user):
        messages.info(request, "Bowline checks now, and then every 30 seconds.")
    return redirect(run)


@posted_by_operator
def updated(request: Request, pk: UUID) -> HttpResponse:
    """Record that the account's owner says that the stack is updated."""
    run = get_object_or_404(Run.objects.select_related("account"), pk=pk)
    if run.account is None:
        return redirect(run)
    if take_word(run, request.user):
        messages.success(
            request, "Marked as updated by the owner. Bowline is verifying the account."
        )
    else:
        messages.info(request, not_awaited(run))
    return redirect("accounts:hand-off", run.account.pk)


@posted_by_approver
def accept(request: Request, pk: UUID) -> HttpResponse:
    """Accept and record an account that was evaluated, not verified."""
    account = account_of(pk)
    try:
        accepted = actions.accept(account, request.user)
    except SamePerson as error:
        messages.error(request, str(error))
        return redirect(account)
    if accepted:
        messages.success(
            request, f"{account.name} is accepted. Bundles now include it."
        )
    else:
        messages.info(request, nothing_to_accept(account))
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
    except actions.RunOpen as error:
        messages.info(request, f"{error} The current plan is shown below.")
        return redirect(error.run)
    except REFUSALS as error:
        messages.error(request, str(error))
        return redirect(otherwise)
