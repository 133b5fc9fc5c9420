"""How pages ask AWS: a worker asks, and the page looks each second whether it has.

`look` in the URL says how far a page is: nothing, 1 (ask), answer (look whether there
is one). Without JavaScript the same URLs are links.
"""

from __future__ import annotations

from typing import NamedTuple

from django.http import QueryDict

from accounts.discover.lookups import Question, ask, known, seen
from accounts.http import Request
from accounts.models import Lookup

ASK, ANSWER = "1", "answer"


class Asking(NamedTuple):
    """There is no answer yet: where a page asks for it, when, and why it waits."""

    url: str
    trigger: str
    """When htmx loads the URL."""
    is_first: bool = False
    is_busy: bool = False


def look_up(request: Request, question: Question) -> Lookup | Asking:
    """Return the answer, or the refusal, that is known; else how the page gets it."""
    match request.GET.get("look"):
        case "1":
            return answered(request, request.GET, ask(question, request.user))
        case "answer":
            found = seen(question) or ask(question, request.user)
            return answered(request, request.GET, found)
        case _:
            return known(question) or first_asking(request)


def ask_again(request: Request, question: Question) -> Lookup | Asking:
    """Ask as a pressed button does: whatever is known."""
    return answered(request, request.POST, ask(question, request.user, again=True))


def answered(
    request: Request, asked: QueryDict, found: Lookup | None
) -> Lookup | Asking:
    if found is None:
        return Asking(url_of(request, asked, ASK), "every 3s", is_busy=True)
    if found.waits:
        return Asking(url_of(request, asked, ANSWER), "every 1s")
    return found


def first_asking(request: Request) -> Asking:
    return Asking(url_of(request, request.GET, ASK), "load", is_first=True)


def url_of(request: Request, asked: QueryDict, look: str) -> str:
    query = asked.copy()
    query.pop("csrfmiddlewaretoken", None)
    query["look"] = look
    return f"{request.path}?{query.urlencode()}"
