"""The page of many accounts that a worker adds: how far it is, then where it led."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRefresh

from accounts.http import Request
from accounts.models import Adding
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
    row = get_object_or_404(Adding.objects.select_related("rollout"), pk=adding)
    if row.finished_at and request.htmx:
        return HttpResponseClientRefresh()
    if row.finished_at and row.added_at:
        return led(request, row)
    count = len(row.account_ids)
    shown: dict[str, Any] = {
        "adding": row,
        "of": count,
        "saves": row.checked >= count,
        "refused": row.refused[:MOST_SENTENCES],
        "more": max(0, len(row.refused) - MOST_SENTENCES),
        "crumbs": crumbs("accounts", "organization"),
    }
    name = "_adding" if request.htmx else "adding"
    return render(request, f"organization/{name}.html", shown)


def led(request: Request, adding: Adding) -> HttpResponse:
    """Lead to the rollout, or to the list of exactly these accounts."""
    count = worded(len(adding.account_ids))
    if adding.rollout:
        messages.success(request, f"{count}.")
        return tell_started(request, adding.rollout)
    if adding.refused:
        messages.error(request, " ".join(adding.refused))
    messages.success(request, f"{count}. {NEXT}")
    return redirect(added_accounts_url(adding.added_at))


def worded(count: int) -> str:
    return for_count(count, "1 account is added", "{count} accounts are added")


def added_accounts_url(moment: datetime | None) -> str:
    """Give the address of the list of the accounts that came to be at this moment."""
    assert moment is not None
    query = urlencode({"added": moment.isoformat()})
    return f"{reverse('accounts:accounts')}?{query}"
