"""The token of the feed for Spinnaker: it comes in a URL, and stays in no log.

Clouddriver's plugin sends no headers of ours, so the token is a query parameter. API
Gateway in front of it adds a header instead.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from urllib.parse import unquote_plus

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from accounts.models import FeedToken
from accounts.spinnaker.feed.tokens import find
from accounts.web.feed.pull import reply
from bowline.sign_in import ADDRESS_LIMIT, FEED, count, counted_as, wait_after

PATH = "feed"
"""What begins so is the feed, or meant to be: slashes may be missing or too many."""
PARAMETER = "token"
HEADER = "HTTP_X_BOWLINE_TOKEN"
KEPT_AS = "FEED_TOKEN"
"""Where the request has it."""
WITH_QUERY = ("RAW_URI", "REQUEST_URI")
"""Where servers keep the URL as it was sent; gunicorn's access log reads it there."""
log = logging.getLogger(__name__)

Pull = Callable[[HttpRequest, FeedToken, str], JsonResponse]


class Given(str):
    """A token as it was given; an error page that shows variables does not show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<a token>"


class HideFeedToken:
    """Middleware: take the token out of the URL before anything can write it down."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.lstrip("/").startswith(PATH):
            hide(request)
        return self.get_response(request)


def hide(request: HttpRequest) -> None:
    meta = request.META
    given = [""]
    kept = []
    for part in meta.get("QUERY_STRING", "").split("&"):
        name, _, value = part.partition("=")
        if unquote_plus(name) == PARAMETER:
            given.append(unquote_plus(value))
        else:
            kept.append(part)
    meta["QUERY_STRING"] = "&".join(kept)
    meta[KEPT_AS] = Given(given[-1] or meta.get(HEADER, ""))
    for name in WITH_QUERY:
        if name in meta:
            meta[name] = meta[name].partition("?")[0]


def feed_token_required(pull: Pull) -> Callable[[HttpRequest], HttpResponse]:
    """Answer 403 without a hint to everybody who has no usable token."""

    @login_not_required
    @wraps(pull)
    def guarded(request: HttpRequest) -> HttpResponse:
        text = request.META.get(KEPT_AS, "")
        token = find(text) if text else None
        if token is not None:
            return pull(request, token, text)
        return refuse(request) if text else reply({}, status=403)

    return guarded


def refuse(request: HttpRequest) -> HttpResponse:
    """Count a wrong token for its address, which waits after too many.

    A right one is always taken: nobody guesses 256 bits, and whoever shares an address
    with Clouddriver, be it only with yesterday's token, must not stop it. So these
    counts are apart from those of passwords, too.
    """
    address = counted_as(request)
    wait = wait_of(address)
    if wait <= timedelta():
        count(FEED, address, path=request.path)
        wait = wait_of(address)
        if wait <= timedelta():
            return reply({}, status=403)
        log.warning("%s waits after too many wrong tokens of the feed.", address)
    answer = reply({}, status=429)
    answer["Retry-After"] = str(math.ceil(wait.total_seconds()))
    return answer


def wait_of(address: str | None) -> timedelta:
    since = timezone.now() - settings.AXES_COOLOFF_TIME
    tries = AccessAttempt.objects.filter(
        username=FEED, ip_address=address, attempt_time__gt=since
    )
    return wait_after(tries, allowed=ADDRESS_LIMIT)
