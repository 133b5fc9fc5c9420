"""What Spinnaker has now, as somebody said or Bowline saw, and how it gets there."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from accounts.http import Request
from accounts.lists.bundles import ahead, installed_bundle
from accounts.models import DeliveredAccount, Delivery, FeedToken, Spinnaker
from accounts.web.role_limits.here import everywhere
from accounts.web.spinnaker.run_by import run_by_now


def spinnaker_now(request: Request) -> HttpResponse:
    installed = installed_bundle()
    shown = {
        "installed": installed,
        "ahead": ahead(installed),
        "row": Spinnaker.objects.first(),
        "delivery": Delivery.objects.light().first(),
        "delivered": DeliveredAccount.objects.owned().count(),
        "pulled": FeedToken.objects.exclude(used_at=None).order_by("-used_at").first(),
        **run_by_now(),
        **everywhere(request, "how Spinnaker is run"),
    }
    return render(request, "spinnaker/now.html", shown)
