"""The page of an error that nobody expected, and of a database that takes nothing."""

from __future__ import annotations

import logging
import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import server_error

from accounts.work.unwritable import why_unwritable

log = logging.getLogger(__name__)


def failed(request: HttpRequest) -> HttpResponse:
    """Say what nobody can fix by trying again; no session, which may be what failed."""
    if why := why_unwritable(sys.exc_info()[1]):
        log.error("%s %s: %s", request.method, request.path, why)
        return render(None, "unwritable.html", {"why": why}, status=503)
    return server_error(request)
