"""Start a rollout from any page that lists accounts."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from accounts.models import ManagedAccount, Rollout
from accounts.runs.rollouts import CannotStart, start
from accounts.web.request import Request
from accounts.wording import counted


def roll_out(
    request: Request,
    accounts: Iterable[ManagedAccount],
    kind: Rollout.Kind,
    *,
    otherwise: HttpResponse,
) -> HttpResponse:
    """Start a rollout and lead to its page; where it cannot be, say why."""
    try:
        rollout = start(accounts, kind, request.user)
    except CannotStart as error:
        messages.error(request, str(error))
        return otherwise
    messages.success(request, f"{rollout} is started. {SAYS[kind]}")
    if rollout.left_out:
        left_out = counted(len(rollout.left_out))
        messages.warning(request, f"{left_out} left out: see below.")
    return redirect(rollout)


SAYS = {
    Rollout.Kind.ONBOARD: "Nothing in AWS changes until the plans are approved.",
    Rollout.Kind.VERIFY: "Nothing in AWS changes.",
    Rollout.Kind.REMOVE: "Nothing is deleted until the plans are approved.",
}
