"""Middleware: no page holds a character that nobody sees.

Names, policies and messages come from AWS, people and files, and are shown in more
places than can be listed; so the finished page is read, once, for all of them.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from onboarding.names import visible


class ShowInvisible(MiddlewareMixin):
    """Writes invisible characters of pages as ‹U+202E›; files stay as they are."""

    def process_response(
        self, request: HttpRequest, response: HttpResponse
    ) -> HttpResponse:
        kind = response.headers.get("Content-Type", "")
        if kind.startswith("text/html") and not response.streaming:
            page = response.content.decode(response.charset)
            if (shown := visible(page)) != page:
                response.content = shown
        return response
