"""The states of accounts, runs and what is in them: a word, a colour, an icon each; and
the one way in which a state changes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial
from typing import Any, NamedTuple, TypeVar

from django.db import models, transaction

logger = logging.getLogger(__name__)

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
    word: str = ""
    """What people read, where it is not the state's own value."""


BADGES = {
    "taken": Badge("good", "check", "Bowline has the same values."),
    "left": Badge("neutral", "minus", "The account stays as it is in Spinnaker."),
    "draft": Badge("neutral", "file", "Not planned yet."),
    "planning": Badge("busy", "again", "Bowline is comparing the settings with AWS."),
    "planned": Badge("busy", "list", "Needs approval. Nothing has changed in AWS."),
    "approved": Badge("busy", "check", "Approved. Starts with its wave."),
    "applying": Badge("busy", "again", "Bowline is changing AWS."),
    "applied": Badge("busy", "clock", "Changed in AWS, but not verified yet."),
    "handed off": Badge(
        "neutral",
        "clock",
        "Waiting for the account owner. Bowline checks automatically.",
        "waiting for owner",
    ),
    "verifying": Badge(
        "busy", "again", "Bowline is checking that Spinnaker has access."
    ),
    "verified": Badge(
        "good", "check", "Bowline assumed the roles that Spinnaker assumes."
    ),
    "verified, some regions": Badge(
        "warn",
        "warning",
        "Bowline assumed the roles, but Spinnaker can't deploy in every Region.",
        "verified, some Regions",
    ),
    "verified, writes unknown": Badge(
        "warn",
        "question",
        (
            "Bowline assumed the roles, but couldn't determine whether all writes "
            "are allowed."
        ),
    ),
    "verified, stale": Badge(
        "warn", "clock", "The verification is out of date. Verify again."
    ),
    "evaluated": Badge(
        "neutral", "tilde", "Bowline read the policies but didn't assume the roles."
    ),
    "evaluated, stale": Badge(
        "warn", "clock", "The evaluation is out of date. Verify again."
    ),
    "removed": Badge("neutral", "minus", "Bowline's resources were deleted from AWS."),
    "failed": Badge("bad", "cross", "Something must be fixed. See the run."),
    "errored": Badge(
        "bad", "cross", "Bowline encountered an internal error. See the run."
    ),
    "drifted": Badge("warn", "drift", "AWS no longer matches the verified state."),
    "not as approved": Badge(
        "bad", "cross", "Roles have permissions that no one approved."
    ),
    "outdated": Badge("neutral", "pencil", "Edited after it was planned. Plan again."),
    "discarded": Badge("neutral", "minus", "Discarded. Nothing changed in AWS."),
    # Rollouts
    "paused": Badge(
        "warn", "clock", "No more accounts start until the rollout is resumed."
    ),
    "stopped": Badge(
        "neutral", "minus", "Stopped. The remaining accounts were discarded."
    ),
    "finished": Badge("good", "check", "Bowline's work on every account is complete."),
    # Steps and changes
    "pending": Badge("neutral", "clock", "Approved, but not started."),
    "not begun": Badge("neutral", "minus", "The run ended before this step."),
    "running": Badge("busy", "again", "In progress."),
    "done": Badge("good", "check", "Done."),
    "create": Badge("good", "plus", "Doesn't exist and will be created."),
    "update": Badge("warn", "pencil", "Exists and will be changed."),
    "delete": Badge("bad", "minus", "Exists and will be deleted."),
    # Checks
    "passed": Badge("good", "check", "Bowline called it, and it succeeded."),
    "not testable": Badge("neutral", "question", "Bowline can't check this."),
    "cannot deploy": Badge(
        "warn", "warning", "Something that a deployment needs is missing."
    ),
    # Policies of others
    "not approved": Badge("bad", "cross", "No one approved it in Bowline."),
    "asked for": Badge("warn", "clock", "Someone asked to accept it."),
    "accepted": Badge("neutral", "check", "Accepted until a set date."),
    # Deliveries
    "take over": Badge(
        "warn", "pencil", "Created by someone else. Bowline takes it over."
    ),
    "delivering": Badge(
        "busy", "again", "Bowline is sending the accounts to Spinnaker."
    ),
    "watching": Badge(
        "busy", "clock", "Stored. Bowline is waiting until Spinnaker loads it."
    ),
    "loaded": Badge("good", "check", "Spinnaker has loaded it."),
    # Bundles
    "building": Badge("busy", "clock", "Bowline is building the bundle."),
    "ready": Badge("good", "check", "Ready to download."),
}


def word_of(state: str) -> str:
    """Say what people read of a state, or of a check's outcome."""
    return (state in BADGES and BADGES[state].word) or state


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


def log_states(rows: Iterable[models.Model]) -> None:
    """Write a line for each whose state is new, once that is committed."""
    for row in rows:
        state = getattr(row, state_column(type(row)))
        of_run = {"run": str(row.pk)} if row._meta.model_name == "run" else {}
        say = partial(logger.info, "%s: %s", str(row), state, extra=of_run)
        transaction.on_commit(say)
