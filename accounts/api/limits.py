"""How many requests a minute are answered: counted in Redis, for all processes."""

from __future__ import annotations

import logging
import time

from django.conf import settings
from django.core.cache import caches
from redis.exceptions import RedisError

from accounts.api.problems import Problem

log = logging.getLogger(__name__)

MINUTE = 60


def count(who: str) -> None:
    """Count a request; raise Problem once there are too many in this minute.

    While Redis does not answer, nobody counts: it must not stop the API.
    """
    now = time.time()
    key = f"api:{who}:{int(now // MINUTE)}"
    cache = caches["api"]
    try:
        cache.add(key, 0, timeout=2 * MINUTE)
        requests = cache.incr(key)
    except (RedisError, OSError, ValueError) as error:  # ValueError: it ended meanwhile
        log.warning("Requests of the API are not counted: %s", error)
        return
    if requests > settings.API_RATE:
        wait = MINUTE - int(now % MINUTE)
        raise Problem(
            429,
            f"More than {settings.API_RATE:,} requests in a minute. "
            f"Try again in {wait} seconds.",
            Retry_After=str(wait),
        )
