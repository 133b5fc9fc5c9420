"""The kinds of notices: what a target, or a person, chooses to hear of."""

from __future__ import annotations

from django.db import models


class Kind(models.TextChoices):
    WAITS = "waits", "Plans wait for approval"
    FAILED = "failed", "Runs failed, or a rollout paused"
    DRIFTED = "drifted", "Verifications found something worse"
    STALE = "stale", "Proofs became stale"
    NEW_ACCOUNTS = "new accounts", "New accounts in watched units"
    ENDED = "ended", "A rollout ended"


USUAL = ("waits", "failed", "new accounts", "ended")
"""What people hear of who did not choose: plain text, which a migration can hold."""
