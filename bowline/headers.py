"""What each answer says to browsers and proxies: who may load it, and keep it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

Answers = Callable[[HttpRequest], HttpResponse]


class SameOrigin:
    """Middleware: no page of another site loads anything of this one, an image neither.

    Pages can't be framed or read by others anyway; this keeps what they hold out of the
    process of another site.
    """

    def __init__(self, get_response: Answers) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        return response


class NoStore:
    """Middleware: after signing out, “back” shows nothing, and no cache has a bundle.

    Static files are answered before it and may be kept.
    """

    def __init__(self, get_response: Answers) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        was_signed_in = request.user.is_authenticated
        response = self.get_response(request)
        if was_signed_in or request.user.is_authenticated:
            response["Cache-Control"] = "no-store"
        return response
