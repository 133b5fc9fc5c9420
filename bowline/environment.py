"""Read values of settings from the environment, and refuse what is none."""

from __future__ import annotations

import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_network

from django.core.exceptions import ImproperlyConfigured


def env_bool(name: str, *, default: bool) -> bool:
    value = os.environ.get(name, "").lower() or str(default).lower()
    if value not in {"true", "1", "false", "0"}:
        raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")
    return value in {"true", "1"}


def env_list(name: str) -> list[str]:
    return [part.strip() for part in os.environ.get(name, "").split(",") if part]


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


def env_count(name: str, *, default: int) -> int:
    return env_number(name, default, "[1-9][0-9]{0,3}", "a number from 1 to 9999")


def env_number(name: str, default: int, pattern: str, what: str) -> int:
    value = os.environ.get(name, "") or str(default)
    if not re.fullmatch(pattern, value):
        raise ImproperlyConfigured(f"{name} must be {what}, not {value!r}.")
    return int(value)
