"""What people decide on a rollout's page; each press redirects to what it did."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from accounts.http import Request
from accounts.models import Rollout
from accounts.people.doors import posted_by_operator
from accounts.runs.rollouts import CannotStart, decisions
from accounts.web.rollouts.forms import SettingsForm
from accounts.web.rollouts.views import rollout_of, rollout_page
from accounts.wording import counted

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@posted_by_operator
def rollout_pause(request: Request, number: int) -> HttpResponse:
    said = "is paused. Accounts in progress will finish."
    return decided(request, number, decisions.pause, said)


@posted_by_operator
def rollout_resume(request: Request, number: int) -> HttpResponse:
    said = "continues. Earlier failures no longer pause it."
    return decided(request, number, decisions.resume, said)


@posted_by_operator
def rollout_stop(request: Request, number: int) -> HttpResponse:
    said = "is stopped. Accounts that hadn't started are discarded."
    return decided(request, number, decisions.stop, said)


def decided(
    request: Request,
    number: int,
    decide: Callable[[Rollout, User], bool],
    said: str,
) -> HttpResponse:
    rollout = rollout_of(number)
    if decide(rollout, request.user):
        messages.success(request, f"{rollout} {said}")
    else:
        messages.info(request, decisions.unchanged(rollout_of(number)))
    return redirect(rollout)


@posted_by_operator
def rollout_retry(request: Request, number: int) -> HttpResponse:
    """Plan again what failed."""
    rollout = rollout_of(number)
    try:
        accounts = decisions.retry(rollout, request.user)
    except CannotStart as error:
        messages.error(request, str(error))
    else:
        what = counted(accounts) if accounts else "the managing account"
        messages.success(request, f"Started again for {what}.")
    return redirect(rollout)


@posted_by_operator
def rollout_settings(request: Request, number: int) -> HttpResponse:
    """Change the waves and limits of what has not begun."""
    rollout = rollout_of(number)
    form = SettingsForm(request.POST, instance=rollout)
    if not form.is_valid():
        return rollout_page(request, rollout_of(number), form=form)
    if decisions.configure(rollout, form.cleaned_data, request.user):
        messages.success(request, "The waves and limits are saved.")
    return redirect(rollout)
