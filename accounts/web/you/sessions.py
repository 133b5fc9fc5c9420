"""Sessions: where somebody is signed in, how long, and when the password is
asked again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.csrf import REASON_BAD_ORIGIN
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.deprecation import MiddlewareMixin
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import BrowserSession
from accounts.people.doors import View
from accounts.web.live.views import RELOADED, SEEN, not_sent, signed_out
from accounts.web.you.confirmation import confirm
from accounts.web.you.preferences import (
    SINCE,
    SessionStore,
    keep_in_session,
    preferences_of,
)
from accounts.web.you.unsent import (
    SESSION_ENDED,
    SIGNED_IN_AGAIN,
    keep,
    page_of_form,
)
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
    if is_form(request):
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
        if is_form(request) and getattr(request, "htmx", False):
            return not_sent(request)
        ended = f"&{ENDED}" if has_ended(request) else ""
        page = reverse("unsent") if is_kept(request) else page_of(request)
        url = f"{redirect_to_login(page, reverse('sign-in')).url}{ended}"
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


def whose_session_ended(request: HttpRequest) -> int | None:
    """Return whose session the browser's cookie was of, if it expired; one that was
    ended by somebody is nobody's.
    """
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    rows = BrowserSession.objects.filter(pk=key, expire_date__lte=timezone.now())
    return rows.values_list("person", flat=True).first()


def is_form(request: HttpRequest) -> bool:
    return request.method not in {"GET", "HEAD"}


def is_kept(request: HttpRequest) -> bool:
    """Keep what somebody sent whose session has ended; False: nothing is kept."""
    person = whose_session_ended(request) if is_form(request) else None
    return bool(person and keep(request, person, page_of_form(request), SESSION_ENDED))


def refused_as_forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without the token of its session. Where the browser says that the
    form is a page of Bowline's, somebody signed in again meanwhile, or their session
    ended: what they entered is kept. Of other sites nothing is.
    """
    view = request.resolver_match and request.resolver_match.func
    of_a_page = getattr(view, "login_required", True)
    says_where_from = "Origin" in request.headers and reason != (
        REASON_BAD_ORIGIN % request.headers["Origin"]
    )
    person = request.user.pk or whose_session_ended(request)
    if of_a_page and says_where_from and person:
        why = SIGNED_IN_AGAIN if request.user.is_authenticated else SESSION_ENDED
        if keep(request, person, page_of_form(request), why):
            return redirect("unsent")
    return render(request, "not_taken.html", status=403)


def has_ended(request: HttpRequest) -> bool:
    """Return whether the browser still has the cookie of a session that is none."""
    cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    return bool(cookie) and request.session.is_empty()


def page_of(request: HttpRequest) -> str:
    """Return the page on which the person was: a form's address is none."""
    if getattr(request, "htmx", False):
        htmx: Request = request  # type: ignore[assignment]  # its middleware has run
        return htmx.htmx.current_url_abs_path or "/"
    return page_of_form(request) if is_form(request) else request.get_full_path()


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


LONGEST = 60
BRANDS = {
    "Brave": "Brave",
    "Google Chrome": "Chrome",
    "Microsoft Edge": "Edge",
    "Opera": "Opera",
    "Vivaldi": "Vivaldi",
    "Chromium": "Chromium",
}
"""As Sec-CH-UA has them; all of these are Chromium, too, which is therefore last."""
NAMES = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "HeadlessChrome": "Chrome",
    "Safari": "Safari",
    "curl": "curl",
}
"""As User-Agent has them; Edge says that it is Chrome, and Chrome that it is Safari."""
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "Linux": "Linux",
}
"""As User-Agent has them; Android says that it is Linux."""
HINTED = {"Chrome OS": "ChromeOS", "Chromium OS": "ChromeOS"} | {
    name: name for name in ("Android", "Linux", "Windows", "macOS")
}


def browser_of(headers: Mapping[str, str]) -> str:
    """Name browser and system as people do, as far as they are known."""
    agent = headers.get("User-Agent", "")
    hinted = re.findall(r'"([^"]*)";v=', headers.get("Sec-CH-UA", ""))
    said = re.findall(r"(?<!\w)(\w+)/", agent)
    name = first(BRANDS, hinted) or first(NAMES, said)
    system = HINTED.get(headers.get("Sec-CH-UA-Platform", "").strip('"'), "")
    system = system or first(SYSTEMS, re.findall(r"\w+", agent))
    return " on ".join(part for part in (name or agent[:LONGEST], system) if part)


def first(table: Mapping[str, str], said: Iterable[str]) -> str:
    """Return what the first entry of the table calls what was said."""
    said = set(said)
    return next((called for name, called in table.items() if name in said), "")


ADDRESS, BROWSER = "signed_in_from", "signed_in_with"


class SignedIn(NamedTuple):
    """One session of a person; its key, which is as good as a password, stays here."""

    id: str
    since: datetime | None
    address: str
    browser: str
    is_this: bool


def begin_session(request: HttpRequest, user: User, **_: object) -> None:
    """Keep in a new session when, from where and with what it began, that the password
    was given just now, and what the person prefers.
    """
    confirm(request)
    keep_in_session(request.session, preferences_of(user))
    request.session[SINCE] = timezone.now().isoformat()
    request.session[ADDRESS] = request.META.get("REMOTE_ADDR", "")
    request.session[BROWSER] = browser_of(request.headers)
    if isinstance(request.session, SessionStore):
        request.session.begin()


def sessions_of(person: User, current: SessionBase) -> list[SignedIn]:
    """List where a person is signed in, the newest first."""
    store = SessionStore()
    stored = [(row.pk, store.decode(row.session_data)) for row in open_to(person)]
    found = [
        SignedIn(
            id=id_of(key),
            since=parse_datetime(str(said.get(SINCE, ""))),
            address=str(said.get(ADDRESS, "")),
            browser=str(said.get(BROWSER, "")),
            is_this=key == current.session_key,
        )
        for key, said in stored
    ]
    return sorted(found, key=lambda one: str(one.since or ""), reverse=True)


def end(person: User, *, but: SessionBase | None, only: str = "") -> int:
    """Sign a person out everywhere but here, or of the one session of that id; return
    how many sessions ended.
    """
    rows = open_to(person)
    if but is not None and but.session_key:
        rows = rows.exclude(pk=but.session_key)
    if only:
        keys = rows.values_list("pk", flat=True)
        rows = rows.filter(pk__in=[key for key in keys if id_of(key) == only])
    return rows.delete()[0]


def open_to(person: User) -> QuerySet[BrowserSession]:
    """Find the person's sessions that have not ended."""
    return still_open().filter(person=person)


def still_open() -> QuerySet[BrowserSession]:
    return BrowserSession.objects.filter(expire_date__gt=timezone.now())


def with_sessions() -> Prefetch[str]:
    """Load with people what `count_open` reads."""
    rows = still_open().only("person", "auth_hash")
    return Prefetch("browser_sessions", rows)


def count_open(person: User) -> int:
    """Count those that still open a page: none that is older than the password."""
    known = [row.auth_hash for row in person.browser_sessions.all()]
    if not known or not person.is_active:
        return 0
    return known.count(person.get_session_auth_hash())


def id_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]
