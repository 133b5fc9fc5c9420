"""How a page waits for a long comparison: a worker makes it, and it is kept.

What was found is shown until what it compared is another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django_htmx.http import HttpResponseClientRedirect

from accounts.discover.comparisons import Comparison, Made, changes_found, changes_of
from accounts.discover.lookups import ask, seen
from accounts.http import Request
from accounts.models import Lookup
from accounts.web.lookups import Asking, answered, first_asking

Compared: TypeAlias = Made | Asking | Lookup
"""What was found, how the page gets it, or that a worker could not compare."""


def comparison_found(request: Request, comparison: Comparison) -> Compared:
    """Return what was found, at once or by a worker; of what is old, the URL says which
    one it shows.
    """
    if not comparison.is_large:
        return Made(comparison.make())
    question, now = comparison.question, comparison.of()
    found = changes_found(question)
    if found and found.of in (now, request.GET.get("of")):
        return Made(found, is_old=found.of != now)
    match request.GET.get("look"):
        case "1":
            lookup = ask(question, request.user, again=True)
        case "answer":
            lookup = seen(question) or ask(question, request.user, again=True)
        case _:
            return first_asking(request)
    if lookup is None or lookup.waits:
        return answered(request, request.GET, lookup)
    made = changes_of(lookup)
    return Made(made, is_old=made.of != now) if made else lookup


def not_shown_yet(
    request: Request, found: Compared, shown: Mapping[str, Any]
) -> HttpResponse:
    """Wait for the comparison, or lead to the page that shows it."""
    state: dict[str, Asking | Lookup]
    match found:
        case Made(changes):
            url = f"{request.path}?{urlencode({'of': changes.of})}"
            return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
        case Asking():
            state = {"asking": found}
        case refusal:
            state = {"refusal": refusal}
    part = "_comparing" if request.htmx else "comparing"
    return render(request, f"bundles/{part}.html", {**shown, **state})
