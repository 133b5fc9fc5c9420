"""The states of accounts, runs and what is in them: a word, a colour, an icon each."""

from __future__ import annotations

from typing import NamedTuple

from django.db import models


class State(models.TextChoices):
    """The state of a managed account, and of the managing one."""

    DRAFT = "draft"
    PLANNED = "planned"
    APPLYING = "applying"
    APPLIED = "applied"
    """Of the managing account only: it was changed by an account's run."""
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
    APPLYING = "applying"
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
"""A worker is or should be busy with it; pages poll and the sweep looks after it."""

OPEN = (*WORKING, Status.PLANNED)

UNSUCCESSFUL = (Status.FAILED, Status.ERRORED, Status.OUTDATED)
"""It ended before it came to what it was for; `error` says why."""


class Badge(NamedTuple):
    colour: str
    """One of the state colours of tokens.css: neutral, busy, good, warn, bad."""
    icon: str
    meaning: str


BADGES = {
    "draft": Badge("neutral", "pencil", "Being described; nothing planned yet."),
    "planning": Badge("busy", "clock", "Comparing what stands in AWS."),
    "planned": Badge("busy", "list", "Waits for approval; AWS is unchanged."),
    "applying": Badge("busy", "clock", "Changing AWS."),
    "applied": Badge("busy", "clock", "Changed in AWS, and not proved since."),
    "verifying": Badge("busy", "clock", "Proving that Spinnaker will get in."),
    "verified": Badge("good", "check", "Spinnaker's own chain of roles was walked."),
    "verified, stale": Badge(
        "warn", "clock", "Verified too long ago to rely on; verify it again."
    ),
    "evaluated": Badge("warn", "tilde", "Read from the policies, not walked."),
    "evaluated, stale": Badge(
        "warn", "clock", "Evaluated too long ago to rely on; verify it again."
    ),
    "removed": Badge("neutral", "minus", "Bowline's resources are gone from AWS."),
    "failed": Badge("bad", "cross", "Something must be mended; see the run."),
    "errored": Badge("bad", "cross", "Bowline itself failed here; see the run."),
    "drifted": Badge("warn", "drift", "AWS no longer is what was verified."),
    "outdated": Badge("warn", "clock", "Changed since it was planned; plan again."),
    "discarded": Badge("neutral", "minus", "Put aside; AWS is unchanged."),
    # Steps and changes
    "pending": Badge("neutral", "clock", "Approved, and not yet begun."),
    "running": Badge("busy", "clock", "Being made just now."),
    "done": Badge("good", "check", "Made, or found made already."),
    "create": Badge("good", "plus", "Does not stand yet and will be made."),
    "update": Badge("warn", "pencil", "Stands and will be changed."),
    "delete": Badge("bad", "minus", "Stands and will be deleted."),
    # Checks
    "proved": Badge("good", "check", "It was called, and it succeeded."),
    "not proved from here": Badge("neutral", "question", "Bowline cannot tell."),
    # Bundles
    "building": Badge("busy", "clock", "Being written."),
    "ready": Badge("good", "check", "Complete; it can be downloaded."),
}
