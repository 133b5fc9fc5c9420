"""Who asks: a token and its scopes; and how many requests a minute are answered,
counted in Redis for all processes.

A session opens nothing here, so no other site's form can.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.core.cache import BaseCache, caches
from django.core.cache.backends.locmem import LocMemCache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.csrf import csrf_exempt
from ninja.security import HttpBearer
from redis.exceptions import RedisError

from accounts.api.problems import Code, Problem, problem, problem_of
from accounts.models import ApiToken
from accounts.models.people import Scope
from accounts.people.activity import saying, tried
from accounts.people.roles import has_role, refusal
from accounts.tokens.api_tokens import ROLES, find, note_use

if TYPE_CHECKING:
    from django.contrib.auth.models import User

View = Callable[..., HttpResponseBase]

NO_TOKEN = (
    "Send a token: “Authorization: Bearer TOKEN”. Create one on your page in Bowline, "
    "under API tokens."
)
WRONG = "The token isn't valid."
REVOKED = "This token was revoked. Create another one."
EXPIRED = "This token expired on {}. Create another one."
NOT_ALLOWED = "This path doesn't support {}."


class ApiRequest(HttpRequest):
    """A request as operations know it."""

    user: User
    token: ApiToken


class Token(HttpBearer):
    """Asks for a scope, and for the role of the token's person that goes with it."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        super().__init__()

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken:
        held: ApiToken = request.token  # type: ignore[attr-defined]  # `by_token` did
        if self.scope not in held.scopes:
            raise Problem(
                Code.MISSING_SCOPE,
                f"This needs a token with the scope {self.scope}. The token {held} "
                f"has {', '.join(held.scopes)}.",
            )
        role = ROLES[self.scope]
        if not has_role(held.person, role):
            if request.method != "GET":
                route = request.resolver_match and request.resolver_match.route
                tried(held.person, f"{request.method} /{route}", [], refusal(role))
            raise PermissionDenied(refusal(role))
        return held


READS, OPERATES, APPROVES = (Token(scope) for scope in Scope)
"""What operations give as `auth`."""


def by_token(view: View) -> View:
    """Let a token decide who asks, which the activity log names; answer whatever
    happens as a problem.
    """

    @login_not_required
    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request.user = AnonymousUser()
        if is_head := request.method == "HEAD":
            request.method = "GET"
        try:
            token = token_of(request)
            request.user = token.person
            request.token = token  # type: ignore[attr-defined]
            with saying(token=token.name):
                response = view(request, *args, **kwargs)
        except Exception as error:
            response = problem_of(request, error)
        if response.status_code == 405:
            response = not_allowed(request, response)
        response["Cache-Control"] = "no-store"
        for name, value in getattr(request, "rate", {}).items():
            response[name] = value
        return as_asked(request, response, is_head=is_head)

    return guarded


def token_of(request: HttpRequest) -> ApiToken:
    """Find the token; raise Problem where it opens nothing, or is used too often."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise unauthorized(Code.NO_TOKEN, NO_TOKEN)
    token = find(text.strip())
    if token is None:
        count(request, f"wrong:{request.META.get('REMOTE_ADDR')}")
        raise unauthorized(Code.WRONG_TOKEN, WRONG)
    count(request, str(token.pk))
    if refused := why_not(token):
        raise unauthorized(*refused)
    note_use(token)
    return token


def why_not(token: ApiToken) -> tuple[Code, str] | None:
    """Say why the token opens nothing; None where it does."""
    if token.revoked_at:
        return Code.REVOKED_TOKEN, REVOKED
    if token.expires_at <= timezone.now():
        day = f"{token.expires_at:%-d %B %Y}"
        return Code.EXPIRED_TOKEN, EXPIRED.format(day)
    if not token.person.is_active:
        said = f"This token acts as {token.person}, who is deactivated."
        return Code.DEACTIVATED, said
    return None


def as_asked(
    request: HttpRequest, response: HttpResponseBase, *, is_head: bool
) -> HttpResponseBase:
    """Answer 304 where the program has it already, and a HEAD without the body. A PUT
    answers with what a GET would.
    """
    if not isinstance(response, HttpResponse) or request.method not in ("GET", "PUT"):
        return response
    if tag := tag_of(response):
        response["ETag"] = tag
    if tag and request.method == "GET":
        asked = get_conditional_response(request, etag=tag, response=response)
        response = asked or response
    if is_head:
        length = len(response.content)
        response.content = b""
        response["Content-Length"] = str(length)
    return response


def tag_of(response: HttpResponse) -> str | None:
    """Return what changes with the answer; None: of a problem."""
    if response.status_code not in (200, 201):
        return None
    return quote_etag(hashlib.sha256(response.content).hexdigest())


def unauthorized(code: Code, detail: str) -> Problem:
    return Problem(code, detail, WWW_Authenticate='Bearer realm="Bowline"')


def not_allowed(request: HttpRequest, response: HttpResponseBase) -> HttpResponse:
    return problem(
        Code.METHOD,
        NOT_ALLOWED.format(request.method),
        headers={"Allow": response.headers["Allow"].replace("GET", "GET, HEAD")},
    )


log = logging.getLogger(__name__)

MINUTE = 60
OWN = LocMemCache("api", {"OPTIONS": {"MAX_ENTRIES": 10_000}})
"""Where this process counts while Redis does not answer."""


def count(request: HttpRequest, who: str, requests: int = 1) -> None:
    """Count a request, or one that costs as much as this number of them, up to half a
    minute's; raise Problem once there are too many in this minute. The answer's headers
    say how many are left.

    While Redis does not answer, each process counts for itself.
    """
    now = time.time()
    requests = min(requests, max(1, settings.API_RATE // 2))
    key = f"api:{who}:{int(now // MINUTE)}"
    try:
        counted = counted_in(caches["api"], key, requests)
    except (RedisError, OSError, ValueError) as error:  # ValueError: it ended meanwhile
        log.warning("Requests of the API are counted by each process: %s", error)
        counted = counted_in(OWN, key, requests)
    wait = MINUTE - int(now % MINUTE)
    request.rate = {  # type: ignore[attr-defined]  # for `by_token`
        "RateLimit-Limit": str(settings.API_RATE),
        "RateLimit-Remaining": str(max(0, settings.API_RATE - counted)),
        "RateLimit-Reset": str(wait),
    }
    if counted > settings.API_RATE:
        raise Problem(
            Code.RATE,
            f"More than {settings.API_RATE:,} requests in a minute. "
            f"Try again in {wait} seconds.",
            Retry_After=str(wait),
        )


def counted_in(cache: BaseCache, key: str, requests: int) -> int:
    cache.add(key, 0, timeout=2 * MINUTE)
    return int(cache.incr(key, requests))
