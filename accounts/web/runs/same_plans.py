"""Plans that are the same: read the changes once, approve them for many accounts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.http import Request
from accounts.lists.accounts import is_uuid
from accounts.mapping.plans import plan_of
from accounts.models import Run
from accounts.models.managed import both_environments
from accounts.people.doors import approver_required
from accounts.people.role_limits.limits import environments_of
from accounts.people.roles import APPROVER
from accounts.runs.capacity import room_in_plan
from accounts.runs.deciding.same_changes import Decided, approve_same, why_left
from accounts.web.role_limits.here import for_these, here
from accounts.web.runs.before_approval import brought, discouraged_among
from accounts.web.runs.forms import CommentForm
from accounts.web.runs.views import review_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_AT_ONCE = 500
"""The most runs that are approved in one request; the page shows no more."""

MOST_IN_TABLE = 50
"""The most runs with a row in the table; the others are named below it, to be selected
like these."""

HEAVY = (
    *("error", "traceback"),
    *(f"account__{name}" for name in ("applied", "approved_entries", "proved")),
)
"""Columns that are large, and that the page does not read."""

COLUMNS = (
    *("pk", "number", "account_name", "account__granted_at", "account__policy_set"),
    *("account__environment", "account__approved_environment"),
)
"""What is to be known of every run."""

MOST_NAMED = 20
"""The most runs that moved on that are listed; the rest are counted."""


class Waiting(NamedTuple):
    """A plan that waits, and as much of its account as COLUMNS says."""

    pk: UUID
    number: int
    account_name: str
    granted_at: datetime | None
    policy_set: int
    environment: str
    approved_environment: str | None

    @property
    def environments(self) -> frozenset[str]:
        return both_environments(self.environment, self.approved_environment)


class Same(NamedTuple):
    """The plans that wait with the same changes, as a person finds them."""

    waiting: list[Waiting]
    """Those that can be approved at once, by name."""
    total: int
    room: int | None
    """How many accounts their policies still take; None: any."""
    crowd: set[UUID]
    """Those that find no room."""
    ticked: set[UUID]
    """Those that fit, and that the person's role is for."""


def same_of(one: Run, by: User) -> Same:
    """Find the plans that are the same as this one, with constant queries."""
    found = Run.objects.same_anywhere(one.fingerprint).order_by("account_name", "pk")
    waiting = [Waiting(*row) for row in found.values_list(*COLUMNS)[:MOST_AT_ONCE]]
    total = found.count() if len(waiting) == MOST_AT_ONCE else len(waiting)
    room = room_in_plan(one)
    joining = [plan.pk for plan in waiting if one.account and not plan.granted_at]
    crowd = set() if room is None else set(joining[room:])
    limited = environments_of(by, APPROVER)
    ticked = {
        plan.pk
        for plan in waiting
        if plan.pk not in crowd and (limited is None or plan.environments <= limited)
    }
    return Same(waiting, total, room, crowd, ticked)


class Named(NamedTuple):
    """A plan that is named below the table."""

    pk: str
    account_name: str
    url: str
    environment: str


def same_plans(request: Request, fingerprint: str) -> HttpResponse:
    """Show the changes of one plan, and the accounts that wait with the same."""
    return same_page(request, fingerprint, CommentForm())


def same_page(
    request: Request,
    fingerprint: str,
    form: CommentForm,
    chosen: set[str] | None = None,
) -> HttpResponse:
    """Show the page; `chosen` are the plans that a person selected, None: not yet."""
    found = Run.objects.same_anywhere(fingerprint).order_by("account_name", "pk")
    rows = found.select_related("account").defer(*HEAVY)
    runs = list(rows[: min(MOST_IN_TABLE, MOST_AT_ONCE)])
    crumbs = [("Runs", reverse("accounts:runs"))]
    if not runs:
        return render(request, "runs/same_plans.html", {"crumbs": crumbs})
    one, plan = runs[0], plan_of(runs[0])
    same = same_of(one, request.user)
    shown = {
        "fingerprint": fingerprint,
        "run": one,
        "table": runs,
        "named": [
            Named(
                str(row.pk),
                row.account_name,
                reverse("accounts:run", args=[row.pk]),
                row.environment,
            )
            for row in same.waiting[MOST_IN_TABLE:]
        ],
        "total": same.total,
        "most": MOST_AT_ONCE,
        "room": same.room,
        "crowd": same.crowd,
        "ticked": {str(pk) for pk in same.ticked} if chosen is None else chosen,
        "plan": plan,
        "review": review_of(one, plan),
        "form": form,
        "discouraged": discouraged_among(plan, same.total, one.account_name),
        "brought": brought(row.policy_set for row in same.waiting),
        **limits(request, {one for row in same.waiting for one in row.environments}),
        "crumbs": crumbs,
    }
    return render(request, "runs/same_plans.html", shown)


def limits(request: Request, environments: set[str]) -> dict[str, Any]:
    """Say which plans can be selected, where the role is for some of them only."""
    limited = environments_of(request.user, APPROVER)
    if limited is None or environments <= limited:
        return {"limited": None}
    if not environments & limited:
        return {"limited": None, **here(request, *environments)}
    return {"limited": limited, "outside_tick": for_these(APPROVER, limited)}


@approver_required
@require_POST
def same_plans_approve(request: Request, fingerprint: str) -> HttpResponse:
    """Approve the selected ones, and name those that moved on while they were read."""
    chosen = {pk for pk in request.POST.getlist("run") if is_uuid(pk)}
    if not chosen or len(chosen) > MOST_AT_ONCE:
        messages.warning(request, TOO_MANY if chosen else NONE)
        return redirect("accounts:same-plans", fingerprint)
    if refusal := refuse_crowd(fingerprint, chosen):
        messages.warning(request, refusal)
        return redirect("accounts:same-plans", fingerprint)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return same_page(request, fingerprint, form, chosen)
    decided = approve_same(
        fingerprint, chosen, request.user, comment=form.cleaned_data["comment"]
    )
    if approved := decided.approved:
        plans = "1 plan is" if approved == 1 else f"{approved} plans are"
        messages.success(
            request, f"{plans} approved. Bowline applies each one separately."
        )
    if decided.left:
        others = " ".join(named(decided, fingerprint))
        messages.warning(request, f"Not approved: {others}")
    return redirect("accounts:runs")


def refuse_crowd(fingerprint: str, chosen: set[str]) -> str:
    """Say that more accounts would join than the policies of their plans list."""
    one = Run.objects.same_anywhere(fingerprint).first()
    room = room_in_plan(one) if one else None
    joining = Run.objects.same_anywhere(fingerprint).filter(
        pk__in=chosen, account__granted_at=None
    )
    if room is None or joining.count() <= room:
        return ""
    return f"Nothing was approved. These plans have room for only {room} more accounts."


NONE = "Select accounts first. Nothing was approved."
TOO_MANY = f"You can approve at most {MOST_AT_ONCE} at once. Nothing was approved."


def named(decided: Decided, fingerprint: str) -> list[str]:
    """Say of the first ones that are left why, and how many more there are."""
    first = [
        why_left(run, fingerprint, decided.refused) for run in decided.left[:MOST_NAMED]
    ]
    more = len(decided.left) - MOST_NAMED
    return [*first, f"And {more} more."] if more > 0 else first
