"""Read values of settings from the environment, and refuse what is none."""

from __future__ import annotations

import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

from onboarding.partitions import PARTITIONS


def web_threads() -> int:
    value = os.environ.get("WEB_THREADS", "") or "16"
    if not re.fullmatch("[0-9]{1,3}", value) or int(value) < 4:
        raise ImproperlyConfigured(
            f"WEB_THREADS must be a number of threads, 4 to 999, not {value!r}."
        )
    return int(value)


def secret_key(*, debug: bool) -> str:
    key = os.environ.get("SECRET_KEY", "")
    if not key and not debug:
        raise ImproperlyConfigured(
            "SECRET_KEY isn't set. It signs sessions, so it must be long, random and "
            "the same for every process: python3 -c 'import secrets; "
            "print(secrets.token_urlsafe(50))'. script/demo makes its own."
        )
    return key or "only-for-debugging"


def env_bool(name: str, *, default: bool) -> bool:
    value = os.environ.get(name, "").lower() or str(default).lower()
    if value not in {"true", "1", "false", "0"}:
        raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")
    return value in {"true", "1"}


def env_text(name: str, pattern: str) -> str:
    """Read a text that matches the pattern, or is empty."""
    value = os.environ.get(name, "")
    if value and not re.fullmatch(pattern, value, re.ASCII):
        raise ImproperlyConfigured(f"{name} can't be {value!r}.")
    return value


def env_templates() -> tuple[str, str, str]:
    """Read where templates for owners of accounts go: a bucket, its region, and the
    beginning of their keys. Without a bucket they go nowhere.
    """
    regions = [region for one in PARTITIONS.values() for region in one.regions]
    return (
        env_text("TEMPLATES_BUCKET", "[a-z0-9][a-z0-9-]{2,62}"),
        env_text("TEMPLATES_REGION", "|".join(regions)) or "us-east-1",
        env_text("TEMPLATES_PREFIX", r"[\w./-]{1,200}") or "bowline/",
    )


class SpinnakerReach(NamedTuple):
    """Where a running Spinnaker may be, and the secrets to sign in there."""

    hosts: tuple[str, ...]
    networks: tuple[str, ...]
    plain_http: bool
    variables: tuple[str, ...]
    directory: str


def env_spinnaker() -> SpinnakerReach:
    """Read what the operator allows, and an administrator may then choose from.

    No default directory holds what the platform itself put there, such as the token of
    a pod's service account.
    """
    return SpinnakerReach(
        hosts=tuple(env_list("SPINNAKER_ALLOWED_HOSTS")),
        networks=tuple(str(one) for one in env_networks("SPINNAKER_ALLOWED_NETWORKS")),
        plain_http=env_bool("SPINNAKER_ALLOW_HTTP", default=False),
        variables=tuple(env_list("SPINNAKER_SECRET_VARIABLES"))
        or ("GATE_TOKEN", "GATE_PASSWORD"),
        directory=env_text("SPINNAKER_SECRET_DIRECTORY", r"/[\w./-]{1,200}")
        or "/run/secrets/spinnaker",
    )


class NotificationsReach(NamedTuple):
    """Where notices may go, and the secret URLs that lead there."""

    hosts: tuple[str, ...]
    """Private addresses and http are allowed there, and they may speak as Slack."""
    networks: tuple[str, ...]
    variables: tuple[str, ...]
    directory: str


def env_notifications() -> NotificationsReach:
    """Read what the operator allows, and an administrator may then choose from."""
    return NotificationsReach(
        hosts=env_names("NOTICE_HOSTS", r"[\w.-]+|[\da-fA-F:]+", "host names"),
        networks=tuple(str(one) for one in env_networks("NOTICE_NETWORKS")),
        variables=env_names("NOTICE_SECRET_VARIABLES", "[A-Za-z_]\\w*", "variables")
        or ("SLACK_WEBHOOK_URL", "TEAMS_WEBHOOK_URL"),
        directory=env_text("NOTICE_SECRET_DIRECTORY", r"/[\w./-]{1,200}")
        or "/run/secrets/notices",
    )


def env_choice(name: str, choices: tuple[str, ...]) -> str:
    """Read one of these words; the first one is the default."""
    value = os.environ.get(name, "") or choices[0]
    if value not in choices:
        raise ImproperlyConfigured(
            f"{name} must be {' or '.join(choices)}, not {value!r}."
        )
    return value


def env_secret(name: str) -> str:
    """Read what nobody may guess. No message repeats it."""
    value = os.environ.get(name, "")
    if value and not re.fullmatch("[!-~]{20,200}", value):
        raise ImproperlyConfigured(
            f"{name} must be 20 to 200 letters, digits and signs without a space: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'."
        )
    return value


def env_list(name: str) -> list[str]:
    return [part.strip() for part in os.environ.get(name, "").split(",") if part]


def env_names(name: str, pattern: str, what: str) -> tuple[str, ...]:
    """Read names with commas between, each of which matches the pattern."""
    names = tuple(env_list(name))
    for one in names:
        if not re.fullmatch(pattern, one, re.ASCII):
            raise ImproperlyConfigured(
                f"{name} must be {what} with commas between, not {one!r}."
            )
    return names


def env_networks(name: str) -> list[IPv4Network | IPv6Network]:
    try:
        return [ip_network(part) for part in env_list(name)]
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} must be addresses or networks with commas between, such as "
            f"192.0.2.7 or 10.0.1.0/24: {error}."
        ) from error


def env_days(name: str, *, default: int) -> int:
    return env_number(name, default, "[0-9]{1,5}", "a number of days, 0 to 99999")


def env_minutes(name: str, *, default: int) -> int:
    return env_number(name, default, "[0-9]{1,4}", "a number of minutes, 0 to 9999")


def env_count(name: str, *, default: int) -> int:
    return env_number(name, default, "[1-9][0-9]{0,3}", "a number from 1 to 9999")


def env_number(name: str, default: int, pattern: str, what: str) -> int:
    value = os.environ.get(name, "") or str(default)
    if not re.fullmatch(pattern, value):
        raise ImproperlyConfigured(f"{name} must be {what}, not {value!r}.")
    return int(value)


def env_port(name: str, *, default: int) -> int:
    return env_number(name, default, "[1-9][0-9]{0,4}", "a port, 1 to 65535")


def env_email(name: str, *, default: str) -> str:
    """Read a mail address: one line, and nothing that could begin another header."""
    value = os.environ.get(name, "")
    if not value:
        return default
    try:
        validate_email(value)
    except ValidationError as error:
        raise ImproperlyConfigured(
            f"{name} must be an email address, not {value!r}."
        ) from error
    return value


def env_site_url(name: str, *, hosts: list[str], https: bool) -> str:
    """Read where people open the site, without a slash at the end: by default at the
    first of the names that it answers to. Empty: it has none.
    """
    names = (host for host in hosts if re.fullmatch(r"\w[\w.-]*", host, re.ASCII))
    first = next(names, "")
    scheme = "https" if https else "http"
    value = os.environ.get(name, "") or (f"{scheme}://{first}" if first else "")
    value = value.removesuffix("/")
    if value and not re.fullmatch(r"https?://[\w.-]+(:[0-9]{1,5})?", value, re.ASCII):
        raise ImproperlyConfigured(
            f"{name} must be an address without a path, such as "
            f"https://bowline.example.com, not {value!r}."
        )
    return value


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
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            "DATABASE_URL must begin with sqlite:// or postgresql://."
        )
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
