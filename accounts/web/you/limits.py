"""What counts as use of a session, and where a person is led whose session has ended.

A page that looks by itself whether something moved is no use: it does so in a browser
that somebody left open, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

from accounts.people.doors import View
from accounts.web.live.views import RELOADED, SEEN, signed_out
from accounts.web.you.session_store import SessionStore
from accounts.wording import counted

if TYPE_CHECKING:
    from accounts.http import Request

ENDED = "ended"
"""In the address of the sign-in of somebody whose session has ended."""


class CountUse(MiddlewareMixin):
    """Middleware: what a person does lets their session end later."""

    def process_view(
        self, request: HttpRequest, view: View, args: Any, kwargs: Any
    ) -> None:
        session = request.session
        signed_in = request.user.is_authenticated
        if signed_in and isinstance(session, SessionStore) and is_use(request):
            session.use()


def is_use(request: HttpRequest) -> bool:
    """Return whether a person does this: sends a form, or opens a page.

    Fragments are fetched by pages that wait for an answer of AWS, too.
    """
    if request.method not in {"GET", "HEAD"}:
        return True
    said = request.headers
    return (
        said.get("Sec-Fetch-Mode", "navigate") == "navigate"
        and "HX-Request" not in said
        and RELOADED not in request.COOKIES
    )


class SignInRequired(LoginRequiredMiddleware):
    """Django's; it leads htmx to the sign-in as well, and back to a page that opens."""

    def handle_no_permission(  # type: ignore[override]  # htmx needs another answer
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponse:
        answer = redirect_to_login(page_of(request), reverse("sign-in"))
        url = f"{answer.url}&{ENDED}" if has_ended(request) else answer.url
        return led_to(url, request)


def led_to(url: str, request: HttpRequest) -> HttpResponse:
    """Redirect the whole page, also where htmx fetches a part of it. A page that asks
    by itself stays.
    """
    if SEEN in request.headers:
        return signed_out(request)
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(url)
    return HttpResponseRedirect(url)


def has_ended(request: HttpRequest) -> bool:
    """Return whether the browser still has the cookie of a session that is none."""
    cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    return bool(cookie) and request.session.is_empty()


def page_of(request: HttpRequest) -> str:
    """Return the page on which the person was: a form's address is none."""
    if getattr(request, "htmx", False):
        htmx: Request = request  # type: ignore[assignment]  # its middleware has run
        return htmx.htmx.current_url_abs_path or "/"
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    came_from = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came_from, {request.get_host()}):
        parts = urlsplit(came_from)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path or "/"
    return "/"


def how_sessions_end() -> str:
    """Say after how long a session ends."""
    hours = duration(settings.SESSION_COOKIE_AGE // 60)
    if idle := settings.SESSION_IDLE_MINUTES:
        return (
            f"after {duration(idle)} without activity, and after {hours} at the latest"
        )
    return f"after {hours}"


def duration(minutes: int) -> str:
    count, unit = (minutes, "minute") if minutes % 60 else (minutes // 60, "hour")
    return counted(count, unit)
