"""The page of many accounts that a worker adds: how far it is, then where it led."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRefresh

from accounts.discover.organization.adding import (
    SoFar,
    added_members,
    count_chosen,
    so_far,
)
from accounts.http import Request
from accounts.models import Rollout
from accounts.people.doors import operator_required
from accounts.web.crumbs import crumbs
from accounts.web.rollouts.starting import tell_started
from accounts.wording import for_count

MOST_SENTENCES = 20
NEXT = (
    "The list shows only these accounts. Review them, select all, and plan. Nothing "
    "in AWS changes until the plans are approved."
)


@operator_required
def organization_adding(request: Request, adding: UUID) -> HttpResponse:
    row = get_object_or_404(added_members.read(request.user), pk=adding)
    if request.htmx and not row.waits:
        return HttpResponseClientRefresh()
    how_far, count = so_far(row), count_chosen(row)
    if how_far.added and not row.waits:
        return led(request, how_far, count)
    shown: dict[str, Any] = {
        "adding": row,
        "of": count,
        "how_far": how_far,
        "saves": how_far.checked >= count,
        "refused": how_far.refused[:MOST_SENTENCES],
        "more": max(0, len(how_far.refused) - MOST_SENTENCES),
        "crumbs": crumbs("accounts", "organization"),
    }
    name = "_adding" if request.htmx else "adding"
    return render(request, f"organization/{name}.html", shown)


def led(request: Request, how_far: SoFar, accounts: int) -> HttpResponse:
    """Lead to the rollout, or to the list of exactly these accounts."""
    count = worded(accounts)
    if how_far.rollout:
        messages.success(request, f"{count}.")
        return tell_started(request, Rollout.objects.get(pk=how_far.rollout))
    if how_far.refused:
        messages.error(request, " ".join(how_far.refused))
    messages.success(request, f"{count}. {NEXT}")
    return redirect(added_accounts_url(how_far.added))


def worded(count: int) -> str:
    return for_count(count, "1 account is added", "{count} accounts are added")


def added_accounts_url(moment: str) -> str:
    """Give the address of the list of the accounts that came to be at this moment."""
    query = urlencode({"added": moment})
    return f"{reverse('accounts:accounts')}?{query}"
