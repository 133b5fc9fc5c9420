"""How a page waits for a long comparison: a worker makes it, and it is kept.

What was found is shown until what it compared is another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django_htmx.http import HttpResponseClientRedirect

from accounts.discover.comparisons import changes_of, kept
from accounts.discover.lookups import Question, ask, seen
from accounts.http import Request
from accounts.models import Lookup
from accounts.spinnaker.next_bundle import Changes
from accounts.web.lookups import Asking, answered, first_asking


class Compared(NamedTuple):
    changes: Changes
    is_old: bool = False
    """Whether it would be another one now. At a busy site, it is as soon as it is made:
    the URL then says which one it shows.
    """


Comparison: TypeAlias = Compared | Asking | Lookup
"""What was found, how the page gets it, or that a worker could not compare."""


def by_a_worker(request: Request, question: Question, now: str) -> Comparison:
    """Return what a worker found; `now` sums up what it would compare now."""
    found = kept(question)
    if found and found.of in (now, request.GET.get("of")):
        return Compared(found, is_old=found.of != now)
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
    return Compared(made, is_old=made.of != now) if made else lookup


def not_shown_yet(
    request: Request, found: Comparison, shown: Mapping[str, Any]
) -> HttpResponse:
    """Wait for the comparison, or lead to the page that shows it."""
    state: dict[str, Asking | Lookup]
    match found:
        case Compared(changes):
            url = f"{request.path}?{urlencode({'of': changes.of})}"
            return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
        case Asking():
            state = {"asking": found}
        case refusal:
            state = {"refusal": refusal}
    part = "_comparing" if request.htmx else "comparing"
    return render(request, f"bundles/{part}.html", {**shown, **state})
