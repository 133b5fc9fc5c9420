"""One group of a rollout: read its changes once, approve them for all its accounts."""

from __future__ import annotations

import re
from collections.abc import Collection

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.http import Request
from accounts.mapping.plans import plan_of
from accounts.models import Rollout, Run
from accounts.people.doors import posted_by_approver
from accounts.runs.deciding.access_tests import asks_for_test_of_any
from accounts.runs.deciding.confirmation import group_in_words
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.groups import NoneWaits, read_of, waiting
from accounts.runs.rollouts.start import in_a_row
from accounts.web.crumbs import crumbs
from accounts.web.role_limits.here import here
from accounts.web.rollouts.forms import GroupForm
from accounts.web.rollouts.parts import parts_of
from accounts.web.rollouts.used import used_in
from accounts.web.rollouts.views import rollout_of
from accounts.web.runs.before_approval import brought, not_recommended_among
from accounts.web.runs.views import review_of
from accounts.wording import for_count

MOST_LISTED = 100
"""The most accounts that the page names; the list of runs has all of them."""


def rollout_group(request: Request, number: int, fingerprint: str) -> HttpResponse:
    rollout = rollout_of(number)
    return group_page(request, rollout, fingerprint, waiting(rollout, fingerprint))


def group_page(
    request: Request,
    rollout: Rollout,
    fingerprint: str,
    policy_sets: dict[int, int],
    form: GroupForm | None = None,
    shown_before: Collection[int] = (),
) -> HttpResponse:
    """Show the changes of one plan, and the accounts of these runs, which wait with
    the same: an approval is about these, whatever joins them meanwhile.
    """
    numbers = list(policy_sets)
    found = Run.objects.filter(number__in=numbers[:MOST_LISTED]).order_by("number")
    runs = list(found.select_related("account"))
    shown = {"rollout": rollout, "runs": runs}
    shown["crumbs"] = crumbs("runs", "rollouts", rollout)
    if not runs:
        return render(request, "rollouts/group.html", shown)
    total = len(numbers)
    parts = parts_of(Run.objects.filter(number__in=numbers), request.user)
    allowed = [part for part in parts if part.numbers]
    may = sum(len(part.numbers) for part in allowed)
    environments = {part.environment for part in allowed or parts}
    plan = plan_of(runs[0])
    shown |= {
        "fingerprint": fingerprint,
        "run": runs[0],
        "total": total,
        "parts": parts,
        "shown": sorted({*numbers, *shown_before}),
        "allowed": may,
        "plan": plan,
        "review": review_of(runs[0], plan),
        "form": form
        or GroupForm(
            plans=may,
            says=group_in_words(plan),
            asks_test=asks_for_test_of_any(runs, plan),
        ),
        "not_recommended": not_recommended_among(plan, total, runs[0].account_name),
        "brought": brought(policy_sets.values()),
        "used": used_in(numbers),
        **here(request, *environments),
    }
    return render(request, "rollouts/group.html", shown)


@posted_by_approver
def rollout_approve(request: Request, number: int, fingerprint: str) -> HttpResponse:
    """Approve those of the group's plans that were read and still wait."""
    rollout = rollout_of(number)
    numbers = numbers_in(" ".join(request.POST.getlist("read")))
    shown = numbers_in(request.POST.get("shown", ""))
    try:
        read = read_of(rollout, fingerprint, numbers, shown)
    except NoneWaits as error:
        messages.info(request, str(error))
        return redirect("accounts:rollout-group", number, fingerprint)
    form = GroupForm(
        request.POST,
        plans=len(read.policy_sets),
        says=read.to_confirm,
        asks_test=read.test,
    )
    if not form.is_valid():
        return group_page(request, rollout, fingerprint, read.policy_sets, form, shown)
    approved = decisions.approve_group(
        rollout,
        fingerprint,
        request.user,
        read=numbers,
        **form.given,
    )
    if approved.plans:
        said = for_count(
            approved.plans,
            "1 plan is approved. It starts with its wave.",
            "{count} plans are approved. Each plan starts with its wave.",
        )
        messages.success(request, said)
    if approved.refused:
        messages.warning(request, f"Not approved: {in_a_row(approved.refused)}")
    if read.joined:
        messages.warning(request, read.joined_since)
        return redirect("accounts:rollout-group", number, fingerprint)
    return redirect(rollout)


NUMBER = re.compile("[0-9]{1,10}")


def numbers_in(text: str) -> set[int]:
    """Read what the page wrote into its form; words that are no number are none."""
    return {int(word) for word in text.split() if NUMBER.fullmatch(word)}
