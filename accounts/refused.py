"""Why a decision isn't carried out: a closed set. Pages, the API and commands translate
a refusal; they decide nothing.
"""

from __future__ import annotations

from typing import Any, ClassVar


class Refused(Exception):
    """Nothing was changed; the text says why, and what to do next."""

    code: ClassVar[str]
    """How programs tell it apart: the name of a code of the API."""
    is_late: ClassVar[bool] = False
    """Whether somebody else decided before, which is news and no mistake."""
    at: ClassVar[str] = ""
    """Where a program's request says what was missing."""
    see: Any = None
    """What has a page that says more; None: what the decision was about."""


def members(kind: type[Refused] = Refused) -> set[type[Refused]]:
    """Find every refusal that there is."""
    found = kind.__subclasses__()
    return {*found}.union(*map(members, found)) if found else set()
