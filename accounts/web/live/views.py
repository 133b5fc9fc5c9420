"""What a page hears that asks for itself again: nothing, or all, with what ended."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin
from django_htmx.http import HttpResponseClientRefresh, HttpResponseStopPolling

from accounts.models import Bundle, Run
from accounts.models.states import FAILURES, Status
from accounts.web.live.endings import Ending, ending_of_all
from accounts.web.live.progress import ended_since
from accounts.web.live.state import (
    DONE,
    FAILED,
    LIST_EVERY,
    RUN_EVERY,
    WAITS,
    WORKS,
    Live,
    PageState,
    Tab,
)
from accounts.work.heartbeat import silence

SEEN = "Bowline-Seen"
"""The header with the version that a page has shown; no person sends it."""
RELOADED = "bowline_reloaded"
"""The cookie with the same, for seconds, where a page reloads by itself."""
EPOCH = "1970-01-01T00:00+00:00"


class Answered(Exception):
    """The page needs not be made: this answers instead."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__(response)
        self.response = response


class AnswerPolls(MiddlewareMixin):
    """Middleware: answers pages that need not be made again."""

    def process_exception(
        self, request: HttpRequest, error: Exception
    ) -> HttpResponse | None:
        return error.response if isinstance(error, Answered) else None


def watched(request: HttpRequest, live: Live) -> Live:
    """Add whether workers answer, and what ended since the page was shown; raise
    Answered where it is the same.
    """
    silent = silence() if live.every in (RUN_EVERY, LIST_EVERY) else None
    shown = repr((request.get_full_path(), silent, live.moved, live.facts))
    digest = hashlib.sha256(shown.encode()).hexdigest()[:16]
    now = PageState(digest, str(live.moved or ""), str(live.began or ""), live.building)
    live = replace(live, silence=silent, seen=now)
    asked = request.headers.get(SEEN)
    seen = PageState.read(asked or request.COOKIES.get(RELOADED, ""))
    if asked and seen == now:
        raise Answered(HttpResponse(status=204))
    if asked and live.reloads:
        raise Answered(reload(request, asked))
    if seen is None:
        return live
    new = () if live.shows_endings else tuple(ended(live, seen))
    return replace(live, tab=tab_after(live, seen), endings=new)


def reload(request: HttpRequest, asked: str) -> HttpResponse:
    """Let the page load whole, and say then what ended."""
    response = HttpResponseClientRefresh()
    response.set_cookie(
        RELOADED,
        asked,
        max_age=10,
        path=request.path,
        samesite="Strict",
        secure=request.is_secure(),
        httponly=True,
    )
    return response


def signed_out(request: HttpRequest) -> HttpResponse:
    """Tell whoever reads the page, and leave it as it is."""
    text = "You're signed out. Sign in to see updates."
    ending = Ending(Status.PLANNED, text, request.get_full_path())
    shown = render(request, "live/_toasts.html", {"endings": [ending]})
    return HttpResponseStopPolling(shown.content, headers={"HX-Reswap": "none"})


def ended(live: Live, seen: PageState) -> list[Ending]:
    """Report in one sentence what ended since; once a batch is through, all of it."""
    if seen.building and seen.building != live.building:
        return bundle_endings(seen.building)
    batch = batch_that_ended(live, seen)
    if batch is None:
        batch = ended_since(live.runs, moment_of(seen.moved))
    said = ending_of_all(batch)
    return [said] if said else []


def moment_of(text: str) -> datetime:
    return datetime.fromisoformat(text or EPOCH)


def batch_that_ended(live: Live, seen: PageState) -> QuerySet[Run] | None:
    """Find the runs of a batch that have ended."""
    if not seen.began or live.began:
        return None
    return ended_since(live.runs, moment_of(seen.began))


def bundle_endings(number: int) -> list[Ending]:
    bundle = Bundle.objects.only("number", "status").filter(number=number).first()
    if bundle is None:
        return []
    is_ready = bundle.status == Bundle.Status.READY
    text = f"{bundle} is ready" if is_ready else f"{bundle} couldn't be built"
    return [Ending(bundle.status, text, bundle.get_absolute_url())]


def tab_after(live: Live, seen: PageState) -> Tab:
    """Let the tab of a page that watched a batch say how it ended."""
    batch = batch_that_ended(live, seen)
    if live.tab == WORKS or batch is None:
        return live.tab
    statuses = {*batch.order_by().values_list("status", flat=True).distinct()}
    if statuses & {*FAILURES}:
        return FAILED
    if Status.PLANNED in statuses:
        return WAITS
    return DONE if statuses else live.tab
