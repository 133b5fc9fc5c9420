"""The pages of what nobody expected: an error, a database that takes nothing, rows that
cannot be read, and addresses that only take forms.
"""

from __future__ import annotations

import logging
import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import is_valid_path
from django.utils.deprecation import MiddlewareMixin
from django.views.defaults import server_error

from accounts.mapping.completeness import CANNOT_BE_USED
from accounts.work.heartbeat import why_unwritable

log = logging.getLogger(__name__)


def failed(request: HttpRequest) -> HttpResponse:
    """Say what nobody can fix by trying again; no session, which may be what failed."""
    if why := why_unwritable(sys.exc_info()[1]):
        log.error("%s %s: %s", request.method, request.path, why)
        return render(None, "unwritable.html", {"why": why}, status=503)
    return server_error(request)


class UnreadableRows(MiddlewareMixin):
    """Middleware: what is stored and cannot be read gets a page that says so."""

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if not isinstance(exception, CANNOT_BE_USED):
            return None
        log.error("%s: %s", request.path, exception)
        return render(None, "unreadable.html", {"why": str(exception)}, status=409)


class FormsOnly(MiddlewareMixin):
    """Middleware: an address that only takes a form says where the form is."""

    def process_response(
        self, request: HttpRequest, response: HttpResponse
    ) -> HttpResponse:
        if response.status_code == 405 and not response.content:
            shown = {"above": page_above(request.path)}
            response.headers["Content-Type"] = "text/html; charset=utf-8"
            response.content = render(None, "forms_only.html", shown).content
        return response


def page_above(path: str) -> str:
    while (path := path.rstrip("/").rpartition("/")[0] + "/") != "/":
        if is_valid_path(path):
            break
    return path
