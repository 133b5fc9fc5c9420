"""Requests to Gate over HTTP: how the robot signs in, limits of time and size,
and what it answers.
"""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from urllib3 import HTTPConnectionPool, Timeout
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from onboarding.delivery.addresses import (
    Allowed,
    CheckedHTTPPool,
    CheckedHTTPSPool,
    ForbiddenAddress,
    Watchdog,
)


class Kind(StrEnum):
    """What went wrong, as far as a caller treats it differently."""

    SIGN_IN = "sign-in"
    DENIED = "denied"
    STORAGE_OFF = "storage off"
    REFUSED = "refused"
    ABSENT = "absent"
    UNREADABLE = "unreadable"
    FORBIDDEN_ADDRESS = "forbidden address"
    UNREACHABLE = "unreachable"
    TOO_SLOW = "too slow"
    """It held up others for long enough: it is not asked again."""
    FAILED = "failed"


RETRYABLE = frozenset({Kind.UNREACHABLE, Kind.FAILED})
"""PUT and DELETE may be repeated as well: they lead to the same state."""


class GateError(Exception):
    """Gate did not do what it was asked for."""

    def __init__(self, kind: Kind, doing: str, hint: str, status: int = 0) -> None:
        answered = f"Gate answered {status}" if status else "No answer could be used"
        super().__init__(f"Bowline tried to {doing}. {answered}. {hint}")
        self.kind = kind
        self.doing = doing
        self.hint = hint
        self.status = status

    @property
    def retryable(self) -> bool:
        return self.kind in RETRYABLE


CONNECT, READ, WHOLE = 5.0, 30.0, 120.0
"""Seconds. Gate itself waits 10 seconds for Fiat; long lists take their time."""
LARGEST = 64 * 2**20
"""Bytes: a page of stored clusters holds their kubeconfigs."""
CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class SignIn:
    """How Bowline signs in to Gate; without anything, Gate lets everyone in."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    certificate: str = ""
    """A file on Bowline's machine; Gate takes certificates on a port of their own."""
    key: str = ""
    """Empty: the key is in the certificate's file."""


def by_token(token: str) -> SignIn:
    """Sign in with a service account's, from Spinnaker 2026.2; raise ValueError."""
    if not (token.isascii() and token.isprintable() and token):
        raise ValueError(
            "The token is empty, or contains characters that aren't allowed in a token."
        )
    return SignIn({"X-Spinnaker-Token": token})


def by_password(user: str, password: str) -> SignIn:
    """Sign in as the one user of `security.basicform`."""
    pair = b64encode(f"{user}:{password}".encode()).decode()
    return SignIn({"Authorization": f"Basic {pair}"})


@dataclass(frozen=True, slots=True)
class Request:
    """One call: the path with its query, below Gate's base URL."""

    method: str
    path: str
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole; never shown, as it may hold secrets."""

    status: int
    content_type: str = ""
    body: bytes = field(default=b"", repr=False)


Send = Callable[[Request], Answer]


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how large an answer may be."""

    connect: float = CONNECT
    read: float = READ
    whole: float = WHOLE
    size: int = LARGEST


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Gate's base URL, taken apart; raises ValueError with a sentence."""

    scheme: str
    host: str
    port: int
    prefix: str

    @classmethod
    def of(cls, url: str, allowed: Allowed) -> Endpoint:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("Give Gate's base URL, like https://gate.example.com.")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError(
                "Gate's base URL has neither a user, a query nor a fragment."
            )
        if parts.scheme == "http" and not allowed.plain_http:
            raise ValueError(
                "Use https for Gate, or ask the administrator of Bowline's host to "
                "allow http: otherwise anyone on the network path could read Bowline's "
                "credentials."
            )
        try:
            allowed.check_host(parts.hostname)
        except ForbiddenAddress as error:
            raise ValueError(str(error)) from error
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return cls(parts.scheme, parts.hostname, port, parts.path.rstrip("/"))


def sender(
    url: str,
    sign_in: SignIn,
    *,
    allowed: Allowed,
    limits: Limits = Limits(),
    authorities: str = "",
    threads: int = 1,
) -> Send:
    """Return what sends requests to this Gate; `authorities` is a file of CAs."""
    endpoint = Endpoint.of(url, allowed)
    pool = pool_of(endpoint, sign_in, allowed, authorities, threads)
    timeout = Timeout(connect=limits.connect, read=limits.read)

    def send(request: Request) -> Answer:
        doing = f"{request.method} {request.path.partition('?')[0]}"
        headers: Mapping[str, str] = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            **({"Content-Type": "application/json"} if request.body else {}),
            **sign_in.headers,
        }
        watchdog = Watchdog(limits.whole)
        try:
            with watchdog:
                response = pool.urlopen(
                    request.method,
                    endpoint.prefix + request.path,
                    body=request.body or None,
                    headers=headers,
                    retries=False,
                    redirect=False,
                    timeout=timeout,
                    preload_content=False,
                )
                answer = read_body(response, doing, limits.size)
        except ForbiddenAddress as error:
            raise GateError(
                Kind.FORBIDDEN_ADDRESS,
                doing,
                f"{error} Bowline doesn't connect to it unless the administrator of "
                "Bowline's host allows it.",
            ) from None
        except (HTTPError, OSError) as error:
            if not watchdog.over:
                # Of the chain, only the class is kept: texts of others stay out.
                raise GateError(
                    Kind.UNREACHABLE,
                    doing,
                    f"{endpoint.host} could not be reached ({type(error).__name__}).",
                ) from None
        if watchdog.over:
            raise GateError(
                Kind.TOO_SLOW,
                doing,
                f"{endpoint.host} didn't answer within {limits.whole:g} seconds. A "
                "proxy between it and Bowline might delay its answers.",
            )
        return answer

    return send


def pool_of(
    endpoint: Endpoint,
    sign_in: SignIn,
    allowed: Allowed,
    authorities: str,
    threads: int,
) -> HTTPConnectionPool:
    if endpoint.scheme == "http":
        return CheckedHTTPPool(
            endpoint.host, endpoint.port, maxsize=threads, allowed=allowed
        )
    context = ssl.create_default_context(cafile=authorities or None)
    if sign_in.certificate:
        context.load_cert_chain(sign_in.certificate, sign_in.key or None)
    return CheckedHTTPSPool(
        endpoint.host,
        endpoint.port,
        maxsize=threads,
        ssl_context=context,
        allowed=allowed,
    )


def read_body(response: BaseHTTPResponse, doing: str, size: int) -> Answer:
    """Read the body up to the limit; drop the connection where it exceeds it."""
    body = bytearray()
    while chunk := response.read1(CHUNK, decode_content=False):
        body += chunk
        if len(body) > size:
            response.close()
            raise GateError(Kind.UNREADABLE, doing, "The answer is too large.")
    response.release_conn()
    kind_of_text = response.headers.get("Content-Type", "")
    return Answer(response.status, kind_of_text, bytes(body))
