"""What failed in a rollout, grouped by cause: one fix for all that have it."""

from __future__ import annotations

from typing import NamedTuple

from accounts.models import Rollout, Run
from accounts.models.states import UNSUCCESSFUL
from accounts.runs.rollouts.census import runs_of

MOST_READ = 1_000
"""The newest failures that are grouped: to read more would slow the page."""

MOST_NAMED = 5
"""The most accounts of one cause that are named."""

EDITED = "It was edited after it was planned."


class Cause(NamedTuple):
    accounts: int
    runs: list[Run]
    """The newest, which are named."""
    message: str
    """As AWS or Bowline said it of the newest one."""
    fix: str


def causes_of(rollout: Rollout) -> list[Cause]:
    """Group the newest failures, the most frequent cause first; one query."""
    failed = runs_of(rollout).filter(status__in=UNSUCCESSFUL).order_by("-moved_at")
    runs = failed.only("number", "account_name", "error", "status")[:MOST_READ]
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault(cause(run), []).append(run)
    found = [
        Cause(len(same), same[:MOST_NAMED], message_of(same[0]), fix_of(same[0]))
        for same in groups.values()
    ]
    return sorted(found, key=lambda one: -one.accounts)


def cause(run: Run) -> tuple[str, str]:
    """Write what happened and its fix without what only this account has."""
    return without_own(run, message_of(run)), without_own(run, fix_of(run))


def without_own(run: Run, text: str) -> str:
    own = (str((run.error or {}).get("account", "")), run.account_name, run.reference)
    for word in filter(None, own):
        text = text.replace(word, "…")
    return text


def message_of(run: Run) -> str:
    return str((run.error or {}).get("message") or EDITED)


def fix_of(run: Run) -> str:
    return str((run.error or {}).get("hint") or "Retry what failed.")
