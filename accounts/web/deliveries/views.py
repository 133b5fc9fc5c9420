"""Deliveries: the list, and one of them, from its plan until it is loaded."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.models import Case, Q, When
from django.http import HttpResponse
from django.shortcuts import render

from accounts.http import Request, page_of
from accounts.models import Delivery, Spinnaker
from accounts.people.roles import APPROVER, has_role
from accounts.spinnaker.deliveries.decisions import approve
from accounts.web.crumbs import crumbs
from accounts.web.deliveries.forms import DeliveryForm
from accounts.web.deliveries.plan import left_alone, review_of, summary
from accounts.web.live.state import live_delivery
from accounts.web.live.views import watched
from accounts.web.posts import one_of
from accounts.web.role_limits.here import everywhere

STEPS = 100
"""Accounts on one page of a plan, or of a delivery."""

FAILED_FIRST = Case(
    When(~Q(error=""), then=0), When(seen_at__isnull=True, then=1), default=2
)


def deliveries(request: Request) -> HttpResponse:
    rows = Delivery.objects.light()
    page = page_of(request, rows)
    shown = {
        "page": page,
        "summaries": [(row, summary(row.counts), took(row)) for row in page],
        "spinnaker": Spinnaker.objects.first(),
        "open": Delivery.objects.open().light().first(),
        "crumbs": crumbs("bundles"),
        **everywhere(request, "a delivery"),
    }
    return render(request, "deliveries/deliveries.html", shown)


def delivery(request: Request, number: int) -> HttpResponse:
    return delivery_page(request, one_of(Delivery.objects.light())(number=number))


def delivery_page(
    request: Request, row: Delivery, *, form: DeliveryForm | None = None
) -> HttpResponse:
    """Show its plan while that waits, else how far it is."""
    live = watched(request, live_delivery(row))
    waits = row.status == Delivery.Status.PLANNED
    steps = row.steps.all() if waits else row.steps.light()
    ordered = steps if waits else steps.order_by(FAILED_FIRST, "position")
    page = page_of(request, ordered, STEPS)
    shown: dict[str, Any] = {
        "delivery": row,
        "live": live,
        "page": page,
        "progress": row.progress,
        "summary": summary(row.counts),
        "took": took(row),
        "left": left_alone(row),
        **everywhere(request, "a delivery"),
        "crumbs": crumbs("bundles", "deliveries"),
    }
    if waits:
        shown |= {
            "waits": True,
            "review": review_of(page, row.counts),
            "form": form or DeliveryForm(None, row),
            "same_person": has_role(request.user, APPROVER)
            and approve.verdict(row, request.user).same_person,
            "ask_approver": partial(approve.whom, row, request.user),
        }
    return render(request, "deliveries/delivery.html", shown)


def took(row: Delivery) -> float | None:
    """Say how many seconds it took from the approval until it was loaded."""
    if row.status != Delivery.Status.LOADED or not (
        row.approved_at and row.finished_at
    ):
        return None
    return (row.finished_at - row.approved_at).total_seconds()
