"""One group of a rollout: read its changes once, in which environments a person may
approve them, and what the roles of all its accounts have used of what they detach.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from accounts.decisions.many import who_may
from accounts.http import Request
from accounts.mapping.plans import plan_of
from accounts.models import Rollout, Run
from accounts.models.checks import Evidence
from accounts.models.runs import RunQuerySet
from accounts.people.role_limits.limits import environments_of
from accounts.people.roles import APPROVER
from accounts.runs.actions import READ, approve
from accounts.runs.deciding.confirmation import asks_for_test_of_any, group_in_words
from accounts.runs.deciding.same_changes import granted_in
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.groups import read_of, waiting
from accounts.web.crumbs import crumbs
from accounts.web.posts import post
from accounts.web.role_limits import for_these, here
from accounts.web.rollouts.forms import GroupForm
from accounts.web.rollouts.views import rollout_of
from accounts.web.runs.views import brought, review_of
from accounts.wording import for_count

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class Part(NamedTuple):
    """The plans of one environment."""

    environment: str
    numbers: list[int]
    """Of the runs that this person may approve."""
    locked: list[tuple[str, int]]
    """Why the person may not approve others, and how many, each reason once."""


def parts_of(runs: RunQuerySet, person: User) -> list[Part]:
    """Group the runs by environment, before anybody presses a button; as many queries
    for any number of them.
    """
    found_runs = runs.select_related("account").order_by("number")
    rows = list(found_runs.only(*READ, "account__environment"))
    choice = who_may(approve, rows, person)
    inside = environments_of(person, APPROVER)
    here = "" if inside is None else for_these(APPROVER, inside)
    why = {
        run.number: (one.verdict.outside and here) or one.why
        for one in choice.left
        for run in one.subjects
    }
    found: dict[str, list[int]] = {}
    for run in rows:
        where = run.account.environment if run.account else ""
        found.setdefault(where, []).append(run.number)
    parts = []
    for environment, numbers in sorted(found.items()):
        mine = [number for number in numbers if number not in why]
        locked = Counter(why[n] for n in numbers if n in why).most_common()
        parts.append(Part(environment, mine, locked))
    return parts


MOST_NAMED = 20


class Among(NamedTuple):
    """What is said of some accounts."""

    accounts: int
    """Of how many anything is said."""
    named: list[tuple[str, int]]
    """Each thing with its accounts, those of most accounts first."""
    more: int
    """How many are not named."""

    @classmethod
    def of(cls, said: Collection[set[str]]) -> Among:
        counts = Counter(chain.from_iterable(said))
        named = counts.most_common(MOST_NAMED)
        return cls(sum(map(bool, said)), named, len(counts) - len(named))


class Used(NamedTuple):
    actions: Among
    """What a role has used and could no longer do."""
    unpassed: Among
    """Roles that it could pass and no longer can."""
    unread: int
    """In how many accounts it isn't known; `why` is of one of them."""
    why: str
    users: Among
    """What uses roles that services can no longer assume."""
    detaches: bool
    """Whether any of the plans takes policies from roles."""


def used_in(numbers: Collection[int]) -> Used | None:
    """Gather what these runs keep of it; None: their plans take nothing away."""
    rows = Run.objects.filter(number__in=numbers).exclude(evidence=[])
    kept = [
        [Evidence.model_validate(one) for one in evidence]
        for evidence in rows.values_list("evidence", flat=True)
    ]
    found = [[one for one in roles if one.loses_policies] for roles in kept]
    if not (any(found) or any(one.loses_services for roles in kept for one in roles)):
        return None
    unread = [
        [why for one in roles for why in (one.unread, *one.unread_users) if why]
        for roles in kept
    ]
    why = next((some[0] for some in unread if some), "")
    return Used(
        actions=Among.of(
            [{use.action for one in roles for use in one.missing} for roles in found]
        ),
        unpassed=Among.of(
            [{name for one in roles for name in one.unpassed} for roles in found]
        ),
        unread=sum(map(bool, unread)),
        why=why,
        users=Among.of(
            [{name for one in roles for name in one.users} for roles in kept]
        ),
        detaches=any(found),
    )


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
    above = crumbs("runs", "rollouts", rollout)
    shown = {"rollout": rollout, "runs": runs, "crumbs": above}
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
        "review": review_of(runs[0], plan, total),
        "form": form
        or GroupForm(
            plans=may,
            says=group_in_words(plan),
            asks_test=asks_for_test_of_any(runs, plan),
        ),
        "brought": brought(policy_sets.values()),
        "used": used_in(numbers),
        "granted": granted_in(Run.objects.filter(number__in=numbers)),
        **here(request, *environments),
    }
    return render(request, "rollouts/group.html", shown)


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
        find=lambda number, fingerprint: (rollout_of(number), fingerprint),
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
