"""The states of accounts, runs and what is in them: a word, a colour, an icon each; and
the one way in which a state changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


class State(models.TextChoices):
    """The state of a managed account, and of the managing one."""

    DRAFT = "draft"
    PLANNED = "planned"
    APPLYING = "applying"
    APPLIED = "applied"
    """Of the managing account only: it was changed by an account's run."""
    HANDED_OFF = "handed off"
    """Of a managed account whose owner creates the roles."""
    VERIFIED = "verified"
    EVALUATED = "evaluated"
    FAILED = "failed"
    DRIFTED = "drifted"
    OUTDATED = "outdated"


PASSING = (State.PLANNED, State.APPLYING)
"""States that a run gives and takes away again."""


class Status(models.TextChoices):
    """How far a run has come."""

    PLANNING = "planning"
    PLANNED = "planned"
    APPROVED = "approved"
    """Of a run in a rollout: it starts when its wave does."""
    APPLYING = "applying"
    HANDED_OFF = "handed off"
    """Bowline has done its part, and looks now and then whether the owner has."""
    VERIFYING = "verifying"
    VERIFIED = "verified"
    EVALUATED = "evaluated"
    REMOVED = "removed"
    FAILED = "failed"
    ERRORED = "errored"
    """Bowline itself failed: a bug, with its traceback kept on the run."""
    OUTDATED = "outdated"
    DISCARDED = "discarded"


WORKING = (Status.PLANNING, Status.APPLYING, Status.VERIFYING)
"""A worker is or should be busy with it; pages poll, and the sweep restarts it."""

OPEN = (*WORKING, Status.PLANNED, Status.APPROVED, Status.HANDED_OFF)

FAILURES = (Status.FAILED, Status.ERRORED)
"""It ended in an error, of AWS or of Bowline itself."""

UNSUCCESSFUL = (*FAILURES, Status.OUTDATED)
"""It ended early; `error` says why."""


class Badge(NamedTuple):
    colour: str
    """One of the state colours of tokens.css: neutral, busy, good, warn, bad."""
    icon: str
    meaning: str


BADGES = {
    "draft": Badge("neutral", "file", "Not planned yet."),
    "planning": Badge("busy", "again", "Bowline compares the description with AWS."),
    "planned": Badge("busy", "list", "Waits for approval. AWS is unchanged."),
    "approved": Badge("busy", "check", "Approved. Starts when its wave does."),
    "applying": Badge("busy", "again", "Bowline changes AWS."),
    "applied": Badge("busy", "clock", "Changed in AWS, but not verified yet."),
    "handed off": Badge(
        "neutral", "clock", "Waits for the account's owner. Bowline looks by itself."
    ),
    "verifying": Badge("busy", "again", "Bowline checks that Spinnaker has access."),
    "verified": Badge(
        "good", "check", "Bowline assumed the roles that Spinnaker assumes."
    ),
    "verified, some regions": Badge(
        "warn",
        "warning",
        "Bowline assumed the roles, but in some region nothing can be deployed.",
    ),
    "verified, writes unknown": Badge(
        "warn", "question", "Bowline assumed the roles, but not all writes are known."
    ),
    "verified, stale": Badge(
        "warn", "clock", "Verified too long ago to rely on. Verify again."
    ),
    "evaluated": Badge(
        "neutral", "tilde", "Bowline read the policies, but did not assume the roles."
    ),
    "evaluated, stale": Badge(
        "warn", "clock", "Evaluated too long ago to rely on. Verify again."
    ),
    "removed": Badge("neutral", "minus", "Bowline's resources were deleted from AWS."),
    "failed": Badge("bad", "cross", "Something must be fixed. See the run."),
    "errored": Badge("bad", "cross", "Bowline itself failed. See the run."),
    "drifted": Badge("warn", "drift", "AWS no longer matches what was verified."),
    "not as approved": Badge("bad", "cross", "Roles may do what nobody approved."),
    "outdated": Badge("neutral", "pencil", "Edited after it was planned. Plan again."),
    "discarded": Badge("neutral", "minus", "Discarded. AWS is unchanged."),
    # Rollouts
    "paused": Badge("warn", "clock", "Starts no more accounts until it is resumed."),
    "stopped": Badge("neutral", "minus", "Stopped. The rest was discarded."),
    "finished": Badge("good", "check", "Bowline’s work on every account is complete."),
    # Steps and changes
    "pending": Badge("neutral", "clock", "Approved, but not started."),
    "running": Badge("busy", "again", "In progress."),
    "done": Badge("good", "check", "Done."),
    "create": Badge("good", "plus", "Does not exist yet and will be created."),
    "update": Badge("warn", "pencil", "Exists and will be changed."),
    "delete": Badge("bad", "minus", "Exists and will be deleted."),
    # Checks
    "passed": Badge("good", "check", "Bowline called it, and it succeeded."),
    "not testable": Badge("neutral", "question", "Bowline cannot check this."),
    "cannot deploy": Badge(
        "warn", "warning", "Something that a deployment needs is missing."
    ),
    # Policies of others
    "not approved": Badge("bad", "cross", "Nobody approved it in Bowline."),
    "asked for": Badge("warn", "clock", "Somebody asks to accept it."),
    "accepted": Badge("neutral", "check", "Accepted by name, until a day."),
    # Deliveries
    "take over": Badge("warn", "pencil", "Made by somebody else; becomes Bowline’s."),
    "delivering": Badge("busy", "again", "Bowline sends the accounts to Spinnaker."),
    "watching": Badge(
        "busy", "clock", "Stored. Bowline waits until Spinnaker has loaded it."
    ),
    "loaded": Badge("good", "check", "Spinnaker has loaded it."),
    # Bundles
    "building": Badge("busy", "clock", "Bowline writes the bundle."),
    "ready": Badge("good", "check", "Ready to download."),
}


def move(
    rows: models.QuerySet[M, Any],
    to: Any,
    *,
    since: Iterable[str] | None,
    **changes: Any,
) -> int:
    """Change the state of those rows that are in one of these states; None: in any, as
    something else decides. Return how many were.

    Of two at once, PostgreSQL lets the second wait for the row and then reads again
    only what the WHERE says of the row itself, not what a join or a subquery said. So
    the state is a condition on the row, and the count says who was first.
    """
    state = state_column(rows.model)
    if since is not None:
        rows = rows.filter(**{f"{state}__in": tuple(since)})
    return rows.update(**{state: to}, **changes)


def state_column(model: type[models.Model]) -> str:
    names = {field.name for field in model._meta.concrete_fields}
    (name,) = names & {"state", "status"}
    return name
