"""The next bundle, before it is built: what it changes, and what it keeps.

Few accounts are compared in the request, many by a worker.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from accounts.discover.comparisons import Made, with_last
from accounts.http import Request
from accounts.mapping.managing import NoManagingAccount
from accounts.models import Bundle, ManagedAccount
from accounts.people.doors import posted_by_operator
from accounts.spinnaker import bundles
from accounts.spinnaker.next_bundle import unlike_now
from accounts.web.bundles.comparing import comparison_found, not_shown_yet
from accounts.web.bundles.review.changes import review_of
from accounts.web.crumbs import crumbs
from accounts.web.role_limits.here import everywhere
from accounts.wording import counted


def bundle_next(request: Request) -> HttpResponse:
    ready = ManagedAccount.objects.ready().count()
    try:
        found = comparison_found(request, with_last(ready))
    except NoManagingAccount as error:
        messages.warning(request, str(error))
        return redirect("accounts:bundles")
    shown: dict[str, Any] = {
        "number": Bundle.objects.next_number(),
        "ready": ready,
        "crumbs": crumbs("bundles"),
        **everywhere(request, "a bundle"),
    }
    match found:
        case Made(changes, is_old) if "look" not in request.GET:
            unlike = unlike_now()
            shown |= {"changes": changes, "unlike": unlike, "is_old": is_old}
            shown |= {"summary": changes.summary(unlike)}
            shown |= review_of(changes.excerpt, request.GET.get("page"))
            return render(request, "bundles/next.html", shown)
    shown |= {
        "title": f"Bundle {shown['number']}",
        "heading": f"Bundle {shown['number']}, not built yet",
        "what": "the accounts with the last bundle",
        "large": counted(ready),
    }
    return not_shown_yet(request, found, shown)


@posted_by_operator
def exclude_from_bundles(request: Request, pk: UUID) -> HttpResponse:
    """Leave an account out of later bundles, or include it again; both are recorded."""
    account = get_object_or_404(ManagedAccount, pk=pk)
    puts_in = "again" in request.POST
    moved = (bundles.include_in_bundles if puts_in else bundles.exclude_from_bundles)(
        account, request.user
    )
    if not moved:
        messages.warning(request, bundles.not_held(account))
    elif puts_in:
        messages.success(request, f"{account.name} is included in later bundles.")
    else:
        messages.success(
            request,
            (
                f"{account.name} is excluded from later bundles. Spinnaker keeps the "
                "account until you install one of these bundles."
            ),
        )
    return redirect("accounts:bundle-next" if "next" in request.POST else account)
