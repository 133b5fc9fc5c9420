"""How many pages are made at once, so that threads are left when all of them hang."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from threading import BoundedSemaphore

from django.conf import settings
from django.http import HttpRequest, HttpResponse

BUSY = "Bowline is temporarily overloaded. Try again in a few seconds.\n"


@cache
def places() -> BoundedSemaphore:
    """Return the places of this process."""
    return BoundedSemaphore(settings.PAGES_AT_ONCE)


def is_full() -> bool:
    """Return whether a page would be refused now."""
    if is_free := places().acquire(blocking=False):
        places().release()
    return not is_free


class Places:
    """Middleware: refuse a page at once where no place is free.

    Waiting for a place would take the thread that /healthz needs.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not places().acquire(blocking=False):
            return HttpResponse(
                BUSY,
                status=503,
                content_type="text/plain; charset=utf-8",
                headers={"Retry-After": "5"},
            )
        try:
            return self.get_response(request)
        finally:
            places().release()
