"""One POST to a place, within a few seconds; only the status of the answer is read.

Redirects are not followed, and the connection goes to the very address that was
checked.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException

from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

from onboarding.delivery.addresses import (
    Allowed,
    CheckedHTTP,
    CheckedHTTPS,
    ForbiddenAddress,
    Watchdog,
)

WHOLE = 15.0
"""Seconds from connecting to the answer's status. Others' notices wait meanwhile."""
AGAIN = {404, 408, 425, 429}
"""Statuses, other than a server's errors, after which it is worth trying again: what
receives may be deployed just now.
"""


class NotDelivered(Exception):
    """It was not taken; the sentence says why, and holds nothing that others wrote."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent
        """Trying again would give the same."""


@dataclass(frozen=True, slots=True)
class Place:
    """A URL taken apart, and which addresses it may lead to."""

    host: str
    port: int
    path: str
    is_https: bool
    allowed: Allowed


def post(
    place: Place, body: bytes, headers: Mapping[str, str], *, whole: float = WHOLE
) -> None:
    """Send it; raise NotDelivered where it was not taken."""
    connection = connection_to(place, whole)
    watchdog = Watchdog(whole)
    try:
        with watchdog:
            connection.request(
                "POST",
                place.path,
                body=body,
                headers={
                    "Content-Type": "application/json",
                    "User-Agent": "Bowline",
                    **headers,
                },
                preload_content=False,
            )
            status = connection.getresponse().status
        if watchdog.over:
            raise TimeoutError
    except ForbiddenAddress:
        raise NotDelivered(
            f"{place.host} resolves to an address that Bowline doesn't connect to, "
            "unless the administrator of Bowline's host allows the host in "
            "NOTICE_HOSTS.",
            permanent=True,
        ) from None
    except (HTTPError, HTTPException, OSError) as error:
        if watchdog.over or isinstance(error, TimeoutError):
            raise NotDelivered(
                f"{place.host} didn't answer within {whole:g} seconds."
            ) from None
        # Of the cause, only the class is kept: texts of others stay out.
        raise NotDelivered(
            f"{place.host} could not be reached ({type(error).__name__})."
        ) from None
    finally:
        connection.close()
    check(status, place.host)


def connection_to(place: Place, whole: float) -> HTTPConnection:
    if place.is_https:
        return CheckedHTTPS(
            place.host,
            place.port,
            timeout=whole,
            allowed=place.allowed,
            ssl_context=ssl.create_default_context(),
        )
    return CheckedHTTP(place.host, place.port, timeout=whole, allowed=place.allowed)


def check(status: int, host: str) -> None:
    """Raise NotDelivered unless the status says that the message was taken."""
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise NotDelivered(
            f"{host} answered with a redirect ({status}), which Bowline doesn't "
            "follow. Enter the URL that it redirects to.",
            permanent=True,
        )
    if status == 410:
        raise NotDelivered(
            f"{host} answered 410: this webhook no longer exists.", permanent=True
        )
    permanent = status < 500 and status not in AGAIN
    raise NotDelivered(f"{host} answered {status}.", permanent=permanent)
