"""The reach of a role: the environments that it is for.

Settings are read by this, so it knows no models.
"""

from __future__ import annotations

from typing import TypeAlias

Reach: TypeAlias = frozenset[str] | None
"""The environments that a role is for; None: every one."""

NOWHERE: frozenset[str] = frozenset()


def joined(one: Reach, other: Reach) -> Reach:
    """Return the environments that are in one of them."""
    return None if one is None or other is None else one | other


def both(one: Reach, other: Reach) -> Reach:
    """Return the environments that are in both."""
    if one is None or other is None:
        return other if one is None else one
    return one & other
