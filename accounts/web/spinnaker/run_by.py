"""What Spinnaker has now, and how it is run, which a bundle's page asks once."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render

from accounts.http import Request
from accounts.lists.bundles import ahead, installed_bundle
from accounts.mapping.spinnaker.describing import disconnect, say_run_by
from accounts.models import (
    Bundle,
    DeliveredAccount,
    Delivery,
    ManagingAccount,
    Spinnaker,
)
from accounts.web.posts import post
from accounts.web.role_limits.here import everywhere
from accounts.web.you.confirmation import confirmation_required
from onboarding.spinnaker.bundle.ways import WAYS

TITLES = {way.key: way.choice for way in WAYS}


def run_by_now() -> dict[str, Any]:
    """Return what `spinnaker/_run_by.html` shows."""
    said = ManagingAccount.objects.values_list("run_by", flat=True).first() or ""
    return {"run_by": said, "run_by_title": TITLES.get(said, ""), "ways": WAYS}


def asked_on(posted: QueryDict) -> str:
    """Lead back to the page that asked."""
    number = posted.get("bundle", "")
    is_number = number.isascii() and number.isdigit() and len(number) < 10
    bundle = Bundle.objects.light().filter(number=number if is_number else 0).first()
    return bundle.get_absolute_url() if bundle else "accounts:spinnaker-now"


posts = [
    post(
        "settings/spinnaker/run-by/",
        say_run_by,
        name="spinnaker-run-by",
        given=lambda posted: {"run_by": posted.get("run_by", "")},
        back=asked_on,
    ),
    post(
        "settings/spinnaker/disconnect/",
        disconnect,
        name="spinnaker-disconnect",
        said=lambda done: done and "Bowline is no longer connected to Spinnaker.",
        then="accounts:spinnaker",
        guard=confirmation_required("accounts:spinnaker"),
    ),
]


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
