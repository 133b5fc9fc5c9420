"""The next bundle, before it is built: what it changes, and what it keeps."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts import bundles
from accounts.mapping.managing import NoManagingAccount
from accounts.models import Bundle, ManagedAccount
from accounts.next_bundle import NextBundle, next_bundle
from accounts.web.access import operator_required
from accounts.web.bundles.changes import Texts
from accounts.web.bundles.deltas import review_of
from accounts.web.request import Request


def bundle_next(request: Request) -> HttpResponse:
    try:
        found = next_bundle()
    except NoManagingAccount as error:
        messages.warning(request, str(error))
        return redirect("accounts:bundles")
    number = Bundle.objects.next_number()
    shown = {
        "next": found,
        "number": number,
        "ready": ManagedAccount.objects.ready().count(),
        **review_of(found.delta, found.last, lambda paths: texts(found, paths)),
        "crumbs": [("Bundles", reverse("accounts:bundles"))],
    }
    return render(request, "bundles/next.html", shown)


def texts(found: NextBundle, paths: list[str]) -> Texts:
    return {path: found.texts[path] for path in paths}


@operator_required
@require_POST
def leave_out(request: Request, pk: UUID) -> HttpResponse:
    """Leave an account out of later bundles, or include it again; both are recorded."""
    account = get_object_or_404(ManagedAccount, pk=pk)
    puts_in = "again" in request.POST
    moved = (bundles.put_in if puts_in else bundles.leave_out)(account, request.user)
    if not moved:
        messages.warning(request, f"No bundle would hold {account.name} anyway.")
    elif puts_in:
        messages.success(request, f"Later bundles hold {account.name} again.")
    else:
        messages.success(
            request,
            f"Later bundles leave {account.name} out. Spinnaker keeps it until you "
            "install such a bundle.",
        )
    return redirect(account)
