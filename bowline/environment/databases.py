"""Where data is: the database, and the caches."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


def caches(redis_url: str) -> dict[str, dict[str, Any]]:
    """Count the API's requests in Redis, for all processes; keep the rest in each."""
    return {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
        "api": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": redis_url,
            "KEY_PREFIX": "bowline",
            # Without an answer nothing is counted: the API works without Redis.
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        },
    }


FORGETS_CLIENTS = (
    "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=3 -c tcp_keepalives_count=3 "
    "-c tcp_user_timeout=14000"
)
"""Lets PostgreSQL give up a client that is gone without a word after 14 seconds, which
is before its leases end. By default it takes two hours, and what a transaction of that
client has locked stays locked.
"""


def database(url: str) -> dict[str, Any]:
    """Read sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME?OPTION=…"""
    parts = urlsplit(url)
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    if parts.scheme == "sqlite":
        # Django's defaults lose one write in fifteen when six processes write.
        return {
            "ENGINE": "bowline.sqlite3",
            "NAME": unquote(parts.path.removeprefix("/")),
            "OPTIONS": {
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
            },
        }
    # A server that is gone without a word is given up after seconds, not a quarter of
    # an hour, and also where it took the statement and owes the answer. It counts what
    # is not acknowledged: a slow statement may take its time.
    patience = {
        "keepalives_idle": "10",
        "keepalives_interval": "5",
        "tcp_user_timeout": "10000",
        "options": FORGETS_CLIENTS,
    }
    options = {"connect_timeout": "5", **patience, **options}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.removeprefix("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(options.pop("port", parts.port or "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }
