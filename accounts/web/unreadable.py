"""Middleware: what is stored and cannot be read gets a page that says so, no 500."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from accounts.mapping.unusable import CANNOT_BE_USED

log = logging.getLogger(__name__)


class UnreadableRows(MiddlewareMixin):
    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if not isinstance(exception, CANNOT_BE_USED):
            return None
        log.error("%s: %s", request.path, exception)
        return render(None, "unreadable.html", {"why": str(exception)}, status=409)
