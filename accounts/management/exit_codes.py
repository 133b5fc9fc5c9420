"""How commands end: the same numbers for all of them."""

from __future__ import annotations

from collections.abc import Iterable

DONE, FAILED, PLANNED, WAITS = range(4)

EXIT_CODES = {
    DONE: "nothing to do, or all done",
    FAILED: "something failed or was rejected; see standard error",
    PLANNED: "something is planned and waits for approval",
    WAITS: "something waits for an owner, who creates the roles",
}


def combined(codes: Iterable[int]) -> int:
    """Return how a command ends whose parts ended so: what failed comes first."""
    codes = list(codes)
    return FAILED if FAILED in codes else max(codes, default=DONE)
