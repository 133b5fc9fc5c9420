"""How a page waits for what a worker does for one person alone, and gives the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django_htmx.http import HttpResponseClientRedirect

from accounts.discover.lookups import EXPORT, Own, Question, ask_own, own_lookup
from accounts.http import Request
from accounts.packed import unpacked
from accounts.web.lookups import answered, first_asking, url_of

FILE = "file"
"""What `look` in the URL is once the file is there."""


def by_a_worker(
    request: Request,
    name: str,
    form: str,
    answer: Callable[[Iterator[str]], HttpResponseBase],
) -> HttpResponseBase:
    """Wait until a worker has written the list as a file, and lead to the file."""
    look, query = request.GET.get("look"), request.GET.copy()
    query.pop("look", None)
    own = Own(request.user.pk, form, name=name, query=query.urlencode())
    found = own_lookup(Question(EXPORT, "aws", own=own).digest, request.user)
    if look == FILE and found and not found.waits and not found.message:
        return answer(unpacked(str(found.answer)))
    if look not in ("1", "answer"):
        return waiting_page(request, {**SHOWN, "asking": first_asking(request)})
    if found is None or (look == "1" and not found.waits):
        found = ask_own(EXPORT, own, request.user)
    if found is None or found.waits:
        asking = answered(request, request.GET, found)
        return waiting_page(request, {**SHOWN, "asking": asking})
    if found.message:
        return waiting_page(request, {**SHOWN, "refusal": found})
    there = url_of(request, request.GET, FILE)
    return waiting_page(request, {**SHOWN, "there": there})


SHOWN = {
    "title": "Export all accounts",
    "says": "Exporting the accounts",
    "label": "Create file",
    "large": (
        "With many accounts, this takes a few seconds. The file is then available on "
        "this page."
    ),
}


def waiting_page(request: Request, shown: Mapping[str, Any]) -> HttpResponse:
    part = "_waiting" if request.htmx else "waiting"
    return render(request, f"exports/{part}.html", {**shown})


def lead(request: Request, url: str) -> HttpResponse:
    """Lead on to this page, also where htmx asks."""
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
