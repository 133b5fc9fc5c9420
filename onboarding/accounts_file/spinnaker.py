"""The connection with a running Spinnaker in accounts.yaml: never a secret in it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import yaml

from onboarding.accounts_file.reader import Reader
from onboarding.delivery.connection import Connection, SignInBy
from onboarding.delivery.loading import PERIOD

SPINNAKER_KEYS = tuple(field.name for field in fields(Connection))


def read_spinnaker(reader: Reader, node: yaml.Node) -> Connection:
    """Read the connection; a problem names the key, and never repeats its value."""
    parts = reader.mapping(node, "spinnaker", SPINNAKER_KEYS)
    texts = {
        key: reader.checked(parts, key, str)
        for key in SPINNAKER_KEYS
        if key in parts and key != "poll_seconds"
    }
    for key in ("url", "release"):
        reader.needed(node, parts, key)
    polls = reader.checked(parts, "poll_seconds", whole_number) or str(int(PERIOD))
    described = Connection(
        **{"url": "", "release": "", **texts}, poll_seconds=int(polls)
    )
    for key, sentence in described.problems():
        if key in parts or key not in ("url", "release"):
            reader.wrong(parts.get(key, node), f"{key}: {sentence}")
    return described


def whole_number(text: str) -> str:
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise ValueError("It must be a whole number.")
    return text


def spinnaker_written(described: Connection) -> dict[str, Any]:
    """Return the connection in the keys of the file, without what is at its default."""
    usual = Connection("", "")
    written: dict[str, Any] = {
        key: getattr(described, key)
        for key in SPINNAKER_KEYS
        if getattr(described, key) != getattr(usual, key)
    }
    return {**written, "sign_in": str(SignInBy(described.sign_in))}
