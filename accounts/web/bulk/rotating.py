"""Rotate the external IDs of many accounts: begin, and finish, as a rollout each."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect

from accounts.decisions.many import each
from accounts.external_ids import (
    Held,
    finish_rotation,
    held_now,
    rotate,
    why_not_finish,
    why_not_rotate,
)
from accounts.http import Request
from accounts.models import ManagedAccount, Run
from accounts.models.states import OPEN, Status
from accounts.people.doors import posted_by_operator
from accounts.web.bulk.outcomes import tell
from accounts.web.bulk.views import (
    MOST_EDITED,
    chosen,
    nothing_chosen,
    outside,
    page,
    plan_again,
)

BOTH = "AWS will accept both the new external ID and the previous one."
ONE = "AWS will accept only the new external ID."

BUSY = (
    "A run is in progress, or the account is part of a rollout. Wait until it finishes."
)


class Rotations(NamedTuple):
    to_begin: list[ManagedAccount]
    to_finish: list[ManagedAccount]
    kept: list[tuple[ManagedAccount, str]]
    """Those that have to wait, or have nothing to rotate, and why."""


@posted_by_operator
def rotate_many(request: Request) -> HttpResponse:
    """Show what of the chosen accounts can be rotated; begin or finish it, and plan."""
    accounts, left = chosen(request, most=MOST_EDITED)
    if not accounts:
        return nothing_chosen(request)
    held = held_now()
    shown_only = "apply" not in request.POST
    others = outside(accounts, request.user) if shown_only else {}
    found = rotations_of(accounts, held, others)
    match request.POST.get("apply"):
        case "begin":
            outcome = each(rotate, found.to_begin, request.user)
            tell(request, "Created a new external ID for", outcome, "rotate", BOTH)
        case "finish":
            outcome = each(finish_rotation, found.to_finish, request.user, held=held)
            tell(request, "Finished the rotation of", outcome, "finish", ONE)
        case _:
            shown = {"left": left, **found._asdict()}
            return page(request, "rotate", accounts, **shown)
    if not outcome.done:
        messages.info(request, "No external ID was changed.")
        return redirect("accounts:accounts")
    return plan_again(request, outcome.done)


def rotations_of(
    accounts: list[ManagedAccount], held: Held, outside: dict[UUID, str]
) -> Rotations:
    """Say of each account which step of a rotation it can take now."""
    busy = in_progress(accounts)
    found = Rotations([], [], [])
    for account in accounts:
        rotates = bool(account.former_external_id)
        if account.pk in outside:
            reason = outside[account.pk]
        elif account.pk in busy:
            reason = BUSY
        elif rotates:
            reason = why_not_finish(account, held)
        else:
            reason = why_not_rotate(account)
        if reason:
            found.kept.append((account, reason))
        else:
            (found.to_finish if rotates else found.to_begin).append(account)
    return found


def in_progress(accounts: list[ManagedAccount]) -> set[UUID | None]:
    """Find the accounts that a new plan could not be made of now."""
    waiting = Q(status=Status.PLANNED, rollout=None)
    runs = Run.objects.filter(status__in=OPEN, account__in=accounts).exclude(waiting)
    return {run.account_id for run in runs.only("account")}
