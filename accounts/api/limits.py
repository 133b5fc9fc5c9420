"""How many requests a minute are answered: counted in Redis, for all processes."""

from __future__ import annotations

import logging
import time

from django.conf import settings
from django.core.cache import BaseCache, caches
from django.core.cache.backends.locmem import LocMemCache
from django.http import HttpRequest
from redis.exceptions import RedisError

from accounts.api.problems import Code, Problem

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
