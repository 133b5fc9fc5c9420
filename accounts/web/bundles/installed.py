"""A person says which bundle Spinnaker has."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from accounts.http import Request
from accounts.models import Bundle
from accounts.people.doors import operator_required
from accounts.spinnaker.bundles import NotReady, install
from accounts.spinnaker.gone import MayBeThere


@operator_required
@require_POST
def bundle_installed(request: Request, number: int) -> HttpResponse:
    """Record that this is what Spinnaker has now."""
    bundle = get_object_or_404(Bundle.objects.light(), number=number)
    try:
        install(bundle, request.user, request.POST.get("answer", "")[:100])
    except (MayBeThere, NotReady) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{bundle} is marked as installed.")
    return redirect(bundle)
