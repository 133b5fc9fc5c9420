"""The next bundle, before it is built: what it changes, and what it keeps.

Few accounts are compared in the request, many by a worker.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render

from accounts.discover.comparisons import Made, with_last
from accounts.http import Request
from accounts.mapping.managing import NoManagingAccount
from accounts.models import Bundle, ManagedAccount
from accounts.spinnaker.bundles import exclude_from_bundles
from accounts.spinnaker.next_bundle import unlike_now
from accounts.web.bundles.comparing import comparison_found, not_shown_yet
from accounts.web.bundles.review.changes import review_of
from accounts.web.crumbs import crumbs
from accounts.web.posts import post
from accounts.web.role_limits.here import everywhere
from accounts.web.runs.decisions import account_of
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
    return not_shown_yet(request, found, **shown)


def puts_in(posted: QueryDict, _: ManagedAccount) -> dict[str, bool]:
    return {"again": "again" in posted}


def bundles_of(account: ManagedAccount, hold_it: bool) -> str:
    if hold_it:
        return f"{account.name} is included in later bundles."
    return (
        f"{account.name} is excluded from later bundles. Spinnaker keeps the account "
        "until you install one of these bundles."
    )


def back(posted: QueryDict) -> str:
    return "accounts:bundle-next" if "next" in posted else ""


exclude = post(
    "accounts/<uuid:pk>/exclude/",
    exclude_from_bundles,
    name="exclude",
    find=account_of,
    given=puts_in,
    said=bundles_of,
    back=back,
)
