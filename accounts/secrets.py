"""References to secrets, `env:NAME` or `file:/PATH`: what may be read, and reading it.

What an administrator may refer to, the operator allows: otherwise a reference in the
browser could read any variable or file, and send it anywhere.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple

LARGEST = 16 * 1024


class Reach(NamedTuple):
    """What the operator allows: where Bowline connects to, and the secrets for it."""

    hosts: tuple[str, ...]
    networks: tuple[str, ...]
    variables: tuple[str, ...]
    directory: str
    plain_http: bool = False


class NoSecret(Exception):
    """There is nothing to read; the sentence says where it should be."""


def refusal(reference: str, allowed: Reach) -> str:
    """Say why it may not be read; empty where it may."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        known = ", ".join(allowed.variables)
        return "" if name in allowed.variables else f"Bowline can read: {known}."
    if Path(name).is_relative_to(allowed.directory):
        return ""
    return f"Bowline can read only files in {allowed.directory}."


def secret_of(reference: str, allowed: Reach) -> str:
    """Read the secret; raise NoSecret where there is none."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        secret = os.environ.get(name, "")
        missing = f"The environment variable {name} isn't set where Bowline's workers"
        missing += " run."
    else:
        with file_of(reference, allowed).open("rb") as file:
            secret = file.read(LARGEST).decode(errors="replace")
        missing = f"The file {name} is empty."
    secret = secret.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise NoSecret(missing)
    return secret


def file_of(reference: str, allowed: Reach) -> Path:
    """Return the file, wherever its name leads within the directory."""
    name = reference.removeprefix("file:")
    directory = Path(allowed.directory).resolve()
    try:
        path = Path(name).resolve(strict=True)
        if not path.is_relative_to(directory):
            raise NoSecret(f"The file {name} is outside of {directory}.")
        if not stat.S_ISREG(path.stat().st_mode) or not os.access(path, os.R_OK):
            raise NoSecret(f"Bowline can't read {name}. It must be a file.")
    except (OSError, RuntimeError):
        raise NoSecret(
            f"There's no file {name} on the hosts that run Bowline's workers."
        ) from None
    return path
