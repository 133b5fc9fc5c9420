"""Start a rollout from any page that lists accounts."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.http import Request
from accounts.mapping.managing import managing_row
from accounts.models import ManagedAccount, Rollout
from accounts.refused import Refused
from accounts.runs.capacity import NoRoom, capacity_of
from accounts.runs.rollouts import start
from accounts.wording import counted


def roll_out(
    request: Request,
    accounts: Collection[ManagedAccount],
    kind: Rollout.Kind,
    *,
    otherwise: HttpResponse,
    **settings: Any,
) -> HttpResponse:
    """Start a rollout and lead to its page; where it cannot be, say why."""
    try:
        rollout = start(accounts, kind, request.user, **settings)
    except Refused as error:
        is_full = isinstance(error.__cause__, NoRoom)
        messages.error(request, with_switch(str(error)) if is_full else str(error))
        return otherwise
    return tell_started(request, rollout)


def tell_started(request: Request, rollout: Rollout) -> HttpResponse:
    """Lead to the page of a rollout that was started, and say what is next."""
    kind = Rollout.Kind(rollout.kind)
    messages.success(request, f"{rollout} is started. {SAYS[kind]}")
    if rollout.excluded:
        excluded = counted(len(rollout.excluded))
        messages.warning(request, f"{excluded} excluded. See below.")
    if kind == Rollout.Kind.ONBOARD:
        tell_room(request)
    return redirect(rollout)


def tell_room(request: Request) -> None:
    """Offer the organization before the list of accounts is full."""
    room = capacity_of(managing_row())
    if room.is_near_its_end:
        text = (
            "The list of accounts that Spinnaker can access is nearly full: "
            f"{room.wanted:,} of {room.most:,}, including accounts that aren't "
            "onboarded yet."
        )
        messages.warning(request, with_switch(text))


def with_switch(text: str) -> SafeString:
    """Add a link to the form that lists the organization instead of its accounts."""
    url = f"{reverse('accounts:managing')}?switch=1#switch"
    return format_html('{} <a href="{}">{}</a>.', text, url, SWITCH)


SWITCH = "Change to the whole organization"

SAYS = {
    Rollout.Kind.ONBOARD: "Nothing in AWS changes until the plans are approved.",
    Rollout.Kind.VERIFY: "Nothing in AWS changes.",
    Rollout.Kind.REMOVE: "Nothing is deleted until the plans are approved.",
}
