"""hal's primary account, which bakes images and which Deck offers first.

hal has no command to choose it: once it is gone, hal takes the first of those left.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .plan import HalStep, Situation

FILE = "bowline.primary"
"""In hal's folder: whose name it has is deleted, to be added again."""

CHOOSE = (
    "To choose another one, first write it into the Halyard config: "
    "primaryAccount: NAME"
)


def primary_after(situation: Situation, steps: list[HalStep]) -> str:
    """Say which account hal makes its primary one with these calls."""
    names, primary = list(situation.held["aws"]), situation.stored_primary
    for words in (words for step in steps for words in step.calls):
        if words[:4] == ("config", "provider", "aws", "account"):
            if words[4] == "delete":
                names.remove(words[5])
            elif words[4] == "add":
                names.append(words[5])
        if primary not in names:
            primary = names[0] if names else ""
    return primary


def replaces_primary(situation: Situation, steps: list[HalStep]) -> str:
    """Name the primary account if it is deleted, to be added again; else nothing."""
    primary = situation.wanted_primary()
    start = ("config", "provider", "aws", "account")
    calls = [words[:6] for step in steps for words in step.calls]
    is_deleted = (*start, "delete", situation.primary) in calls
    return primary if is_deleted and (*start, "add", primary) in calls else ""


def what_takes_its_place(situation: Situation, steps: list[HalStep]) -> str:
    """Say what becomes of the primary account where it does not stay what it is."""
    was, then = situation.wanted_primary(), primary_after(situation, steps)
    if not was or then == was:
        return ""
    role = f"{was} is hal's primary account, which bakes images and which Deck offers"
    if not then:
        return f"{role} first. Without it, hal has no AWS account left."
    return f"{role} first. {then}, the first that is left, takes its place. {CHOOSE}"


def remembered(folder: Path) -> str:
    """Return what a run that broke off deleted and did not add again."""
    with suppress(OSError):
        return (folder / FILE).read_text(encoding="utf-8").strip()
    return ""


def remember(folder: Path, name: str) -> bool:
    """Write its name to disk, since this run may be killed; False if it cannot be."""
    with suppress(OSError):
        (folder / FILE).write_text(name, encoding="utf-8")
        return True
    return False


def forget(folder: Path) -> None:
    with suppress(OSError):
        (folder / FILE).unlink()
