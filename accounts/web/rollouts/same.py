"""One group of a rollout: read its changes once, approve them for all its accounts."""

from __future__ import annotations

import re
from collections.abc import Collection

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from accounts.http import Request
from accounts.mapping.plans import plan_of
from accounts.models import Rollout, Run
from accounts.runs.deciding.access_tests import asks_for_test_of_any
from accounts.runs.deciding.confirmation import group_in_words
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.groups import read_of, waiting
from accounts.web.crumbs import crumbs
from accounts.web.posts import post
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


def group_of(number: int, fingerprint: str) -> tuple[Rollout, str]:
    return rollout_of(number), fingerprint


def chosen(posted: QueryDict, *_: object) -> dict[str, set[int]]:
    read = " ".join(posted.getlist("read"))
    return {"read": numbers_in(read), "shown": numbers_in(posted.get("shown", ""))}


def group_form(posted: QueryDict, rollout: Rollout, fingerprint: str) -> GroupForm:
    """Make the form of those that were read and still wait; raise NoneWaits."""
    read = read_of(rollout, fingerprint, chosen(posted)["read"])
    plans = len(read.policy_sets)
    return GroupForm(posted, plans=plans, says=read.to_confirm, asks_test=read.test)


def page_with(
    request: Request, rollout: Rollout, fingerprint: str, form: GroupForm
) -> HttpResponse:
    numbers, shown = chosen(request.POST).values()
    read = read_of(rollout, fingerprint, numbers).policy_sets
    return group_page(request, rollout, fingerprint, read, form, shown)


def approved(_: Rollout, __: str, done: decisions.Approved) -> str:
    return for_count(
        len(done.done),
        "1 plan is approved. It starts with its wave.",
        "{count} plans are approved. Each plan starts with its wave.",
    )


def group_url(
    rollout: Rollout, fingerprint: str, done: decisions.Approved | None = None
) -> str:
    if done and not done.joined:
        return rollout.get_absolute_url()
    return reverse("accounts:rollout-group", args=[rollout.number, fingerprint])


posts = [
    post(
        "runs/rollouts/<int:number>/same/<slug:fingerprint>/approve/",
        decisions.approve_group,
        name="rollout-approve",
        find=group_of,
        given=chosen,
        form=group_form,
        page=page_with,
        said=approved,
        left="Not approved:",
        then=group_url,
        refused=group_url,
    )
]
NUMBER = re.compile("[0-9]{1,10}")


def numbers_in(text: str) -> set[int]:
    """Read what the page wrote into its form; words that are no number are none."""
    return {int(word) for word in text.split() if NUMBER.fullmatch(word)}
