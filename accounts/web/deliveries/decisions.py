"""What people decide about deliveries; each press leads to the delivery's page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect

from accounts.http import Request
from accounts.mapping.spinnaker.connection import NotConnected
from accounts.models import Delivery
from accounts.people.deciding import PlanChanged, SamePerson
from accounts.people.doors import posted_by_approver, posted_by_operator
from accounts.spinnaker.deliveries.decisions import (
    DeliveryOpen,
    approve,
    decided_already,
    discard,
    start_connected,
)
from accounts.web.deliveries.forms import DeliveryForm
from accounts.web.deliveries.views import delivery_page
from onboarding.delivery.verdicts import Verb


@posted_by_operator
def delivery_start(request: Request) -> HttpResponse:
    """Plan a delivery; what the last one asked about may be agreed to, by name."""
    try:
        row = start_connected(request.user, agreed=request.POST.getlist("agree"))
    except NotConnected as error:
        messages.error(request, str(error))
        return redirect("accounts:spinnaker")
    except DeliveryOpen as error:
        messages.info(request, f"{error} The current plan is shown below.")
        row = error.delivery
    return redirect("accounts:delivery", row.number)


@posted_by_approver
def delivery_approve(request: Request, number: int) -> HttpResponse:
    """Approve the plan that the page showed, and hand it to a worker."""
    row = get_object_or_404(Delivery, number=number)
    form = DeliveryForm(request.POST, removes=row.counts.get(Verb.REMOVE, 0))
    if not form.is_valid():
        return delivery_page(request, row, form=form)
    filled = form.cleaned_data
    try:
        if not approve(
            row, request.user, read=filled["read"], comment=filled["comment"]
        ):
            tell_quicker(request, number)
    except (SamePerson, PlanChanged) as error:
        messages.error(request, str(error))
    return redirect("accounts:delivery", number)


@posted_by_approver
def delivery_discard(request: Request, number: int) -> HttpResponse:
    row = get_object_or_404(Delivery, number=number)
    if discard(row, request.user):
        messages.success(request, f"{row} is discarded. Nothing changed in Spinnaker.")
    else:
        tell_quicker(request, number)
    return redirect("accounts:delivery", number)


def tell_quicker(request: Request, number: int) -> None:
    row = get_object_or_404(Delivery, number=number)
    messages.info(request, decided_already(row))
