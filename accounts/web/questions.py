"""How pages ask workers, and wait: they look each second whether there is an answer.

`look` in the URL says how far a page is: nothing, 1 (ask), answer (look whether there
is one). Without JavaScript the same URLs are links.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django_htmx.http import HttpResponseClientRedirect

from accounts.discover.questions import ask, known, seen
from accounts.http import Request
from accounts.models import Question

ASK, ANSWER = "1", "answer"
SOON = "every 1s"


class Asking(NamedTuple):
    """There is no answer yet: where a page asks for it, when, and why it waits."""

    url: str
    trigger: str
    """When htmx loads the URL."""
    is_first: bool = False
    is_busy: bool = False


def look_up(
    request: Request, question: Question, *, again: bool = False
) -> Question | Asking:
    """Return the answer, or the refusal, that is known; else how the page gets it. Ask
    `again` where a known one would not do.
    """
    match request.GET.get("look"):
        case "1":
            found = ask(question, request.user, again=again)
        case "answer":
            found = seen(question) or ask(question, request.user, again=again)
        case _:
            known_one = None if again else known(question)
            return known_one or first_asking(request)
    return answered(request, request.GET, found)


def ask_again(request: Request, question: Question) -> Question | Asking:
    """Ask as a pressed button does: whatever is known."""
    return answered(request, request.POST, ask(question, request.user, again=True))


def answered(
    request: Request, asked: QueryDict, found: Question | None
) -> Question | Asking:
    if found is None:
        return Asking(url_of(request, asked, ASK), "every 3s", is_busy=True)
    if found.waits:
        return Asking(url_of(request, asked, ANSWER), SOON)
    return found


def first_asking(request: Request) -> Asking:
    return Asking(url_of(request, request.GET, ASK), "load", is_first=True)


def url_of(request: Request, asked: QueryDict, look: str) -> str:
    query = asked.copy()
    query.pop("csrfmiddlewaretoken", None)
    query["look"] = look
    return f"{request.path}?{query.urlencode()}"


def state_of(looked: Question | Asking) -> dict[str, Question | Asking]:
    """Name it as templates do."""
    name = "asking" if isinstance(looked, Asking) else "refusal"
    return {name: looked}


def still_waits(
    request: Request, asked: Question | None, shown: Mapping[str, Any]
) -> HttpResponse | None:
    """Return the page that waits for this URL to have an answer; None where it has."""
    if asked and asked.waits:
        asking = Asking(request.get_full_path(), SOON)
        return waiting_page(request, {**shown, "asking": asking})
    return None


def waiting_page(request: Request, shown: Mapping[str, Any]) -> HttpResponse:
    part = "_waiting" if request.htmx else "waiting"
    return render(request, f"{part}.html", {**shown})


def lead(request: Request, url: str) -> HttpResponse:
    """Lead on to this page, also where htmx asks."""
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
