"""The connection with Spinnaker: from its row to a Gate, reading the secret at use.

What an administrator may refer to, the operator allows: otherwise a reference in the
browser could read any variable or file, and send it anywhere.
"""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

from django.conf import settings

from accounts.models import Spinnaker
from onboarding.delivery.addresses import Allowed
from onboarding.delivery.connection import Connection, SignInBy
from onboarding.delivery.gate import Gate
from onboarding.delivery.transport import (
    Anonymous,
    ApiToken,
    Basic,
    ClientCertificate,
    Endpoint,
    Limits,
    SignIn,
    sender,
)

COLUMNS = (
    "url",
    "release",
    "sign_in",
    "username",
    "secret",
    "certificate",
    "key",
    "authorities",
    "poll_seconds",
)
"""Those that describe the connection; the others hold what is known of it."""
LARGEST_SECRET = 16 * 1024
USUAL = Limits()

NOT_DESCRIBED = (
    "Bowline is not connected with Spinnaker. An administrator connects it in Settings."
)


class NotConnected(Exception):
    """There is no connection that can be used; the sentence says what to do."""


def connection_of(row: Spinnaker) -> Connection:
    return Connection(**{name: getattr(row, name) for name in COLUMNS})


def connected() -> Spinnaker:
    """Return the row; raise NotConnected where nobody described it."""
    row = Spinnaker.objects.first()
    if row is None:
        raise NotConnected(NOT_DESCRIBED)
    return row


def gate_of(row: Spinnaker, *, threads: int = 1, limits: Limits = USUAL) -> Gate:
    """Return the Gate that the row describes; raise NotConnected. Nothing is sent."""
    described = connection_of(row)
    for problem in (*described.problems(), *refusals(described)):
        raise NotConnected(f"The connection cannot be used. {problem[1]}")
    sign_in = sign_in_of(described)
    authorities = described.authorities and str(file_of(described.authorities))
    try:
        send = sender(
            described.url,
            sign_in,
            allowed=allowed(),
            limits=limits,
            authorities=authorities,
            threads=threads,
        )
    except OSError:  # of OpenSSL, too
        raise NotConnected(
            "The certificate, its key or the authorities' file cannot be read as PEM, "
            "or the key belongs to another certificate."
        ) from None
    return Gate(send, time.sleep)


def refusals(described: Connection) -> list[tuple[str, str]]:
    """Name each field that the operator does not allow, and what would allow it."""
    found = []
    try:
        host = Endpoint.of(described.url, allowed()).host
    except ValueError as error:
        found.append(("url", str(error)))
    else:
        if described.secret and host not in known_hosts():
            found.append(
                (
                    "url",
                    "Bowline sends a token or a password only to hosts that the "
                    f"operator names: add {host} to SPINNAKER_ALLOWED_HOSTS.",
                )
            )
    for name in ("secret", "certificate", "key", "authorities"):
        reference = getattr(described, name)
        if reference and (refused := refusal(reference)):
            found.append((name, refused))
    return found


def refusal(reference: str) -> str:
    """Say why it may not be read; empty where it may."""
    kind, _, name = reference.partition(":")
    reach = settings.SPINNAKER
    if kind == "env":
        known = ", ".join(reach.variables)
        return "" if name in reach.variables else f"Bowline may read: {known}."
    if Path(name).is_relative_to(reach.directory):
        return ""
    return f"Bowline may read files in {reach.directory} only."


def allowed() -> Allowed:
    reach = settings.SPINNAKER
    return Allowed(reach.hosts, reach.networks, reach.plain_http)


def known_hosts() -> set[str]:
    return {host.lower() for host in settings.SPINNAKER.hosts}


def sign_in_of(described: Connection) -> SignIn:
    """Read the secret; raise NotConnected where there is none."""
    try:
        match described.sign_in:
            case SignInBy.TOKEN:
                return ApiToken(secret_of(described.secret))
            case SignInBy.BASIC:
                return Basic(described.username, secret_of(described.secret))
            case SignInBy.CERTIFICATE:
                key = described.key and str(file_of(described.key))
                return ClientCertificate(str(file_of(described.certificate)), key)
        return Anonymous()
    except ValueError:
        raise NotConnected(
            f"What {described.secret} holds is no token: it must be one line of "
            "printable ASCII."
        ) from None


def secret_of(reference: str) -> str:
    kind, _, name = reference.partition(":")
    if kind == "env":
        secret = os.environ.get(name, "")
        missing = f"The environment variable {name} is not set where Bowline's workers"
        missing += " run."
    else:
        with file_of(reference).open("rb") as file:
            secret = file.read(LARGEST_SECRET).decode(errors="replace")
        missing = f"The file {name} is empty."
    secret = secret.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise NotConnected(missing)
    return secret


def file_of(reference: str) -> Path:
    """Return the file, wherever its name leads within the directory."""
    name = reference.removeprefix("file:")
    directory = Path(settings.SPINNAKER.directory).resolve()
    try:
        path = Path(name).resolve(strict=True)
        if not path.is_relative_to(directory):
            raise NotConnected(f"The file {name} leads out of {directory}.")
        if not stat.S_ISREG(path.stat().st_mode) or not os.access(path, os.R_OK):
            raise NotConnected(f"Bowline cannot read {name}: it must be a file.")
    except (OSError, RuntimeError):
        raise NotConnected(
            f"There is no file {name} where Bowline's workers run."
        ) from None
    return path
