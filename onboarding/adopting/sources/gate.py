"""What a running Gate answers, as files: it holds secrets, which reading drops."""

from __future__ import annotations

from onboarding.adopting.values import PROVIDERS
from onboarding.delivery.errors import GateError, Kind
from onboarding.delivery.gate import Gate, listing
from onboarding.delivery.transport import Request

MOST_STORED = 100_000
LOADED = "/credentials?expand=true"
UNLISTED = (Kind.STORAGE_OFF, Kind.DENIED)
"""Why nothing stored is listed, though what is loaded may be."""


def answers(gate: Gate) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Return each answer by its path, and why an answer is missing; raise GateError."""
    found: dict[str, bytes] = {}
    missing: list[str] = []
    for type_ in PROVIDERS:
        path = f"/credentials/type/{type_}?limit={MOST_STORED}"
        try:
            found[path] = gate.ask(Request("GET", path), listing(type_)).body
        except GateError as error:
            if error.kind not in UNLISTED:
                raise
            missing.append(str(error))
    doing = "list what Spinnaker has loaded"
    found[LOADED] = gate.ask(Request("GET", LOADED), doing).body
    return found, tuple(missing)
