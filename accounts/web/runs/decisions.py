"""What people decide about plans, one or many with the same changes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from accounts.http import Request
from accounts.lists.accounts import is_uuid
from accounts.mapping.completeness import missing
from accounts.mapping.plans import plan_of
from accounts.models import ManagedAccount, Run
from accounts.people.doors import posted_by_approver
from accounts.people.reach import around_all
from accounts.people.role_limits.limits import environments_of
from accounts.people.roles import APPROVER
from accounts.runs import actions
from accounts.runs.deciding.confirmation import (
    asks_for_test,
    asks_for_test_of_any,
    plan_in_words,
)
from accounts.runs.deciding.same_changes import (
    MOST_AT_ONCE,
    approve_same,
    granted_in,
    refuse_crowd,
    same_of,
)
from accounts.runs.deciding.starting import start_again, start_plan
from accounts.runs.owners.looking import look_soon, take_word
from accounts.web.crumbs import crumbs
from accounts.web.posts import post, tell_done
from accounts.web.role_limits import for_these, here
from accounts.web.runs.views import (
    ApproveForm,
    CommentForm,
    brought,
    review_of,
    run_of,
    run_page,
)
from accounts.web.wizard.steps import next_step
from accounts.wording import for_count


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
        page=run_page,
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


MOST_IN_TABLE = 50
"""The most runs with a row in the table; the others are named below it, to be selected
like these."""

HEAVY = (
    *("error", "traceback"),
    *(f"account__{name}" for name in ("applied", "approved_entries", "verified")),
)
"""Columns that are large, and that the page does not read."""


def identical_plans(
    request: Request,
    fingerprint: str,
    form: CommentForm | None = None,
    chosen: set[str] | None = None,
) -> HttpResponse:
    """Show the changes of one plan, and the accounts that wait with the same; `chosen`
    are the plans that a person selected, None: not yet.
    """
    found = Run.objects.same_anywhere(fingerprint).order_by("account_name", "pk")
    rows = found.select_related("account").defer(*HEAVY)
    runs = list(rows[: min(MOST_IN_TABLE, MOST_AT_ONCE)])
    if not runs:
        return render(request, "runs/identical_plans.html", {"crumbs": crumbs("runs")})
    one, plan = runs[0], plan_of(runs[0])
    same = same_of(one, request.user)
    accounts = [row.account for row in same.waiting if row.account]
    shown = {
        "fingerprint": fingerprint,
        "run": one,
        "table": runs,
        "named": same.waiting[MOST_IN_TABLE:],
        "total": same.total,
        "most": MOST_AT_ONCE,
        "room": same.room,
        "without_room": same.without_room,
        "ticked": {str(pk) for pk in same.ticked} if chosen is None else chosen,
        "plan": plan,
        "review": review_of(one, plan, same.total),
        "form": form or CommentForm(asks_test=asks_for_test_of_any(runs, plan)),
        "brought": brought(account.policy_set for account in accounts),
        "granted": granted_in(same.rows),
        **limits(request, accounts),
        "crumbs": crumbs("runs"),
    }
    return render(request, "runs/identical_plans.html", shown)


def limits(request: Request, accounts: list[ManagedAccount]) -> dict[str, Any]:
    """Say which plans can be selected, where the role is for some of them only."""
    limited = environments_of(request.user, APPROVER)
    if limited is None:
        return {"limited": None}
    environments = around_all(row.pk for row in accounts).environments
    if environments <= limited:
        return {"limited": None}
    if not environments & limited:
        return {"limited": None, **here(request, *environments)}
    return {"limited": limited, "outside_tick": for_these(APPROVER, limited)}


@posted_by_approver
def identical_plans_approve(request: Request, fingerprint: str) -> HttpResponse:
    """Approve the selected ones, and name those that moved on while they were read."""
    chosen = {pk for pk in request.POST.getlist("run") if is_uuid(pk)}
    if not chosen or len(chosen) > MOST_AT_ONCE:
        messages.warning(request, TOO_MANY if chosen else NONE)
        return redirect("accounts:identical-plans", fingerprint)
    if refusal := refuse_crowd(fingerprint, chosen):
        messages.warning(request, refusal)
        return redirect("accounts:identical-plans", fingerprint)
    form = CommentForm(request.POST, asks_test=ASKED)
    if not form.is_valid():
        return identical_plans(request, fingerprint, form, chosen)
    many = approve_same(fingerprint, chosen, request.user, **form.given)
    said = for_count(
        len(many.done),
        "1 plan is approved. Bowline is applying it.",
        "{count} plans are approved. Bowline applies each plan separately.",
    )
    tell_done(request, said, "Not approved:", many)
    return redirect("accounts:runs")


ASKED = "Each plan says whether it needs a test."
NONE = "Select accounts first. Nothing was approved."
TOO_MANY = (
    f"You can approve up to {MOST_AT_ONCE} plans at a time. Nothing was approved."
)
