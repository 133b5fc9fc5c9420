"""What people decide about plans and accounts; each press shows what it did."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts.http import Request
from accounts.mapping.completeness import missing
from accounts.mapping.plans import plan_of
from accounts.models import ManagedAccount, Run
from accounts.runs import actions
from accounts.runs.deciding.access_tests import asks_for_test
from accounts.runs.deciding.confirmation import plan_in_words
from accounts.runs.deciding.starting import start_again, start_plan
from accounts.runs.owners.looking import look_soon
from accounts.runs.owners.word import take_word
from accounts.web.posts import post
from accounts.web.runs.forms import ApproveForm
from accounts.web.runs.views import run_of, run_page
from accounts.web.wizard.steps import next_step


def approve_form(posted: QueryDict, run: Run) -> ApproveForm:
    """Ask for the name where the plan deletes, or takes accounts from Spinnaker."""
    plan = plan_of(run)
    says, test = plan_in_words(run, plan), asks_for_test(run, plan)
    return ApproveForm(posted, run=run, says=says, asks_test=test)


def account_of(pk: UUID) -> ManagedAccount:
    rows = ManagedAccount.objects.prefetch_related("providers")
    return get_object_or_404(rows, pk=pk)


def missing_step(account: ManagedAccount) -> str:
    """Return where the first step is that is missing; empty: none is."""
    step = next_step(account) if missing(account) else ""
    return reverse("accounts:wizard", args=[account.pk, step]) if step else ""


def never_told(posted: QueryDict, account: ManagedAccount) -> dict[str, Any]:
    """Read whether its name was typed by somebody who knows that Spinnaker never had
    it.
    """
    return {"never_told": posted.get("never_told", "").strip() == account.name}


def hand_off_of(run: Run, *_: Any) -> str:
    return reverse("accounts:hand-off", args=[run.account_id])


def page_with(request: Request, run: Run, form: ApproveForm) -> HttpResponse:
    return run_page(request, run, form=form)


account_posts = [
    post(
        "accounts/<uuid:pk>/plan/",
        start_plan,
        name="plan",
        find=account_of,
        refused=missing_step,
    ),
    post("accounts/<uuid:pk>/verify/", actions.verify, name="verify", find=account_of),
    post(
        "accounts/<uuid:pk>/remove/",
        actions.remove,
        name="remove",
        find=account_of,
        given=never_told,
    ),
    post(
        "accounts/<uuid:pk>/accept/",
        actions.accept,
        name="accept",
        find=account_of,
        said="{0.name} is accepted. Bundles now include it.",
    ),
]
run_posts = [
    post(
        "runs/<uuid:pk>/approve/",
        actions.approve,
        name="run-approve",
        find=run_of,
        form=approve_form,
        page=page_with,
    ),
    post(
        "runs/<uuid:pk>/discard/",
        actions.discard,
        name="run-discard",
        find=run_of,
        said="{0.title} is discarded. Nothing changed in AWS.",
    ),
    post("runs/<uuid:pk>/again/", start_again, name="run-again", find=run_of),
    post(
        "runs/<uuid:pk>/look/",
        look_soon,
        name="run-look",
        find=run_of,
        said="Bowline checks now, and then every 30 seconds.",
    ),
    post(
        "runs/<uuid:pk>/updated/",
        take_word,
        name="run-updated",
        find=run_of,
        said="Marked as updated by the owner. Bowline is verifying the account.",
        then=hand_off_of,
        refused=hand_off_of,
    ),
]
