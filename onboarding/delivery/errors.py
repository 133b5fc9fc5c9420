"""GateError: what Bowline tried, what kind of answer came and what to do next.

The only exception that leaves the client. It holds no text of Gate's: an error's text
may hold the whole body that was sent or stored, with a kubeconfig in it.
"""

from __future__ import annotations

from enum import StrEnum


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
