"""Middleware: what is stored and cannot be read gets a page that says so, no 500."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.mapping.unusable import CANNOT_BE_USED

log = logging.getLogger(__name__)


class UnreadableRows:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if not isinstance(exception, CANNOT_BE_USED):
            return None
        log.error("%s: %s", request.path, exception)
        return render(None, "unreadable.html", {"why": str(exception)}, status=409)
