"""One group of a rollout: read its changes once, approve them for all its accounts."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.mapping.plans import plan_of
from accounts.models import Rollout
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.census import runs_of
from accounts.runs.rollouts.start import listed
from accounts.web.access import approver_required
from accounts.web.request import Request
from accounts.web.rollouts.forms import GroupForm
from accounts.web.rollouts.views import crumbs, rollout_of
from accounts.web.runs.before_approval import brought, discouraged_among
from accounts.web.runs.views import review_of

MOST_LISTED = 100
"""The most accounts that the page names; the list of runs has all of them."""


def rollout_group(request: Request, number: int, fingerprint: str) -> HttpResponse:
    return group_page(request, rollout_of(number), fingerprint)


def group_page(
    request: Request,
    rollout: Rollout,
    fingerprint: str,
    form: GroupForm | None = None,
) -> HttpResponse:
    """Show the changes of one plan, and the accounts that wait with the same."""
    found = runs_of(rollout).same_as(fingerprint).order_by("number")
    rows = found.select_related("account")
    runs = list(rows.prefetch_related("account__providers")[:MOST_LISTED])
    here = [*crumbs(), (str(rollout), rollout.get_absolute_url())]
    shown = {"rollout": rollout, "runs": runs, "crumbs": here}
    if not runs:
        return render(request, "rollouts/group.html", shown)
    total = found.count() if len(runs) == MOST_LISTED else len(runs)
    accounts = [run.account for run in runs if run.account]
    plan = plan_of(runs[0])
    deletes = len(plan.deletions)
    shown |= {
        "fingerprint": fingerprint,
        "run": runs[0],
        "total": total,
        "plan": plan,
        "review": review_of(runs[0], plan),
        "form": form or GroupForm(plans=total, deletes=deletes),
        "discouraged": discouraged_among(accounts),
        "brought": brought(accounts),
    }
    return render(request, "rollouts/group.html", shown)


@approver_required
@require_POST
def rollout_approve(request: Request, number: int, fingerprint: str) -> HttpResponse:
    """Approve the group's plans that still wait."""
    rollout = rollout_of(number)
    waiting = runs_of(rollout).same_as(fingerprint)
    one = waiting.order_by("number").first()
    if one is None:
        messages.info(request, "No plan waits with these changes now.")
        return redirect(rollout)
    deletes = len(plan_of(one).deletions)
    form = GroupForm(request.POST, plans=waiting.count(), deletes=deletes)
    if not form.is_valid():
        return group_page(request, rollout, fingerprint, form)
    approved = decisions.approve_group(
        rollout, fingerprint, request.user, comment=form.cleaned_data["comment"]
    )
    if approved.plans:
        plans = "1 plan is" if approved.plans == 1 else f"{approved.plans:,} plans are"
        messages.success(request, f"{plans} approved. Each starts with its wave.")
    if approved.refused:
        messages.warning(request, f"Not approved: {listed(approved.refused, ' ')}")
    return redirect(rollout)
