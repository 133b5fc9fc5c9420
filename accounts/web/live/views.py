"""The one endpoint that pages ask whether something moved."""

from __future__ import annotations

from dataclasses import replace

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render

from accounts.models import Bundle, Run
from accounts.models.states import FAILURES, Status
from accounts.web.live.endings import Ending, endings, summary
from accounts.web.live.progress import ended_since
from accounts.web.live.state import (
    DONE,
    FAILED,
    WAITS,
    WORKS,
    Live,
    Seen,
    Tab,
    look,
    moment_of,
)
from accounts.web.request import Request


def live(request: Request) -> HttpResponse:
    """Answer 204 where nothing moved since `seen`, else what moved and what ended."""
    now = look(request.GET.get("of", "site"))
    if now is None:
        raise Http404
    seen = Seen.read(request.GET.get("seen", ""))
    if seen == now.seen:
        return HttpResponse(status=204)
    told: list[Ending] = []
    if seen is not None:
        told = ended(now, seen)
        now = replace(now, tab=tab_after(now, seen))
    return render(request, "live/_live.html", {"live": now, "endings": told})


def ended(now: Live, seen: Seen) -> list[Ending]:
    """Report what ended since; once a batch is through, sum it up."""
    told = endings(ended_since(now.runs, moment_of(seen.moved)))
    batch = batch_that_ended(now, seen)
    if batch is not None and (sum_of_all := summary(batch)):
        told.append(sum_of_all)
    if seen.building and seen.building != now.seen.building:
        told += bundle_endings(seen.building)
    return told


def batch_that_ended(now: Live, seen: Seen) -> QuerySet[Run] | None:
    """Find the runs of a batch that have ended."""
    if not seen.began or now.seen.began:
        return None
    return ended_since(now.runs, moment_of(seen.began))


def bundle_endings(number: int) -> list[Ending]:
    bundle = Bundle.objects.only("number", "status").filter(number=number).first()
    if bundle is None:
        return []
    is_ready = bundle.status == Bundle.Status.READY
    text = f"{bundle} is ready" if is_ready else f"{bundle} could not be built"
    return [Ending(bundle.status, text, bundle.get_absolute_url())]


def tab_after(now: Live, seen: Seen) -> Tab:
    """Let the tab of a page that watched a batch say how it ended."""
    batch = batch_that_ended(now, seen)
    if now.tab == WORKS or batch is None:
        return now.tab
    statuses = {*batch.order_by().values_list("status", flat=True).distinct()}
    if statuses & {*FAILURES}:
        return FAILED
    if Status.PLANNED in statuses:
        return WAITS
    return DONE if statuses else now.tab
