"""What Spinnaker has now, and how it is run, which a bundle's page asks once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.http import Request
from accounts.lists.bundles import ahead, installed_bundle
from accounts.mapping.managing import NoManagingAccount
from accounts.mapping.spinnaker.describing import say_run_by
from accounts.models import (
    Bundle,
    DeliveredAccount,
    Delivery,
    ManagingAccount,
    Spinnaker,
)
from accounts.people.doors import posted_by_operator
from accounts.web.role_limits.here import everywhere
from onboarding.spinnaker.bundle.ways import WAYS

TITLES = {way.key: way.choice for way in WAYS}


def run_by_now() -> dict[str, Any]:
    """Return what `spinnaker/_run_by.html` shows."""
    said = ManagingAccount.objects.values_list("run_by", flat=True).first() or ""
    return {"run_by": said, "run_by_title": TITLES.get(said, ""), "ways": WAYS}


@posted_by_operator
def spinnaker_run_by(request: Request) -> HttpResponse:
    """Record how Spinnaker is run, and lead back to the page that asked."""
    said = request.POST.get("run_by", "")
    if said and said not in TITLES:
        messages.error(request, "Choose how Spinnaker is run.")
    else:
        try:
            say_run_by(said, request.user)
        except NoManagingAccount as error:
            messages.error(request, str(error))
    number = request.POST.get("bundle", "")
    if number.isascii() and number.isdigit() and len(number) < 10:
        bundle = Bundle.objects.light().filter(number=number).first()
        if bundle:
            return redirect(bundle)
    return redirect("accounts:spinnaker-now")


def spinnaker_now(request: Request) -> HttpResponse:
    installed = installed_bundle()
    shown = {
        "installed": installed,
        "ahead": ahead(installed),
        "row": Spinnaker.objects.first(),
        "delivery": Delivery.objects.light().first(),
        "delivered": DeliveredAccount.objects.owned().count(),
        **run_by_now(),
        **everywhere(request, "how Spinnaker is run"),
    }
    return render(request, "spinnaker/now.html", shown)
