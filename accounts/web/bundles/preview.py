"""The next bundle, before it is built: what it changes, and what it keeps.

Few accounts are compared in the request, many by a worker. What it found is kept, and
is shown until what it compared is another one.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts import bundles
from accounts.lookups import NEXT_BUNDLE, Question, ask, seen
from accounts.mapping.managing import NoManagingAccount
from accounts.models import Bundle, Lookup, ManagedAccount
from accounts.next_bundle import Changes, compared_now, next_bundle, unlike_now
from accounts.web.access import operator_required
from accounts.web.bundles.deltas import review_of
from accounts.web.lookups import Asking, answered, first_asking
from accounts.web.request import Request

MOST_IN_A_REQUEST = 300
"""The most accounts that a request compares: they take it 50 ms."""

QUESTION = Question(NEXT_BUNDLE, "aws")


class Compared(NamedTuple):
    changes: Changes
    is_old: bool = False
    """Whether it would be another one now. At a busy site, it is as soon as it is made:
    the URL then says which one it shows.
    """


def bundle_next(request: Request) -> HttpResponse:
    ready = ManagedAccount.objects.ready().count()
    try:
        found = comparison(request, ready)
    except NoManagingAccount as error:
        messages.warning(request, str(error))
        return redirect("accounts:bundles")
    shown: dict[str, Any] = {
        "number": Bundle.objects.next_number(),
        "ready": ready,
        "crumbs": [("Bundles", reverse("accounts:bundles"))],
    }
    match found:
        case Compared(changes) if "look" in request.GET:
            url = f"{request.path}?{urlencode({'of': changes.of})}"
            return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
        case Compared(changes, is_old):
            unlike = unlike_now()
            shown |= {"changes": changes, "unlike": unlike, "is_old": is_old}
            shown |= {"summary": changes.summary(unlike.kept_count)}
            shown |= review_of(changes.excerpt)
            return render(request, "bundles/next.html", shown)
        case Asking():
            shown["asking"] = found
        case refusal:
            shown["refusal"] = refusal
    part = "_comparing" if request.htmx else "comparing"
    return render(request, f"bundles/{part}.html", shown)


def comparison(request: Request, ready: int) -> Compared | Asking | Lookup:
    """Return what the next bundle changes, that a worker compares, or that it could
    not; raise NoManagingAccount.
    """
    if ready <= MOST_IN_A_REQUEST:
        return Compared(next_bundle().changes)
    found, now = kept(), compared_now()
    if found and found.of in (now, request.GET.get("of")):
        return Compared(found, is_old=found.of != now)
    match request.GET.get("look"):
        case "1":
            lookup = ask(QUESTION, request.user, anew=True)
        case "answer":
            lookup = seen(QUESTION) or ask(QUESTION, request.user, anew=True)
        case _:
            return first_asking(request)
    if lookup is None or lookup.waits:
        return answered(request, request.GET, lookup)
    made = changes_of(lookup)
    return Compared(made, is_old=made.of != now) if made else lookup


def kept() -> Changes | None:
    """Return what a worker found last."""
    lookup = Lookup.objects.filter(question=QUESTION.digest).first()
    return changes_of(lookup) if lookup else None


def changes_of(lookup: Lookup) -> Changes | None:
    """Read them back; None where there are none, or another release wrote them."""
    try:
        return Changes.from_json(lookup.answer or {})
    except (KeyError, TypeError):
        return None


def changes_now() -> Changes:
    """Return what the next bundle changes at this moment; raise NoManagingAccount."""
    found = kept()
    if found and found.of == compared_now():
        return found
    return next_bundle().changes


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
