"""When Bowline looks again whether an owner is done. Pure."""

from __future__ import annotations

from datetime import timedelta

PACE = (
    (timedelta(minutes=10), timedelta(seconds=30)),
    (timedelta(minutes=70), timedelta(minutes=5)),
    (timedelta(days=7), timedelta(hours=1)),
    (timedelta(days=30), timedelta(days=1)),
)
"""How often it looks, by how long it has waited: (until, pause)."""
JITTER = 0.1
"""The part by which a pause may be shorter, so that not all are looked at at once. None
is longer: the schedule would look half as often.
"""


def pause_after(waited: timedelta, chance: float) -> timedelta | None:
    """Return how long to pause, or None where it has waited for too long; chance is
    from 0 to 1.
    """
    for until, pause in PACE:
        if waited < until:
            return pause * (1 - JITTER * chance)
    return None
