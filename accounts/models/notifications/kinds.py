"""The kinds of notices: what a target, or a person, chooses to hear of."""

from __future__ import annotations

from django.db import models


class Kind(models.TextChoices):
    WAITS = "waits", "Plans need approval"
    FAILED = "failed", "Runs fail or a rollout pauses"
    DRIFTED = "drifted", "Verifications find new failures"
    STALE = "stale", "Verifications become stale"
    NEW_ACCOUNTS = "new accounts", "New accounts in watched units"
    ENDED = "ended", "A rollout finishes"
    SITE = "site", "Something needs attention, once a day"


USUAL = ("waits", "failed", "new accounts", "ended")
"""What people hear of who did not choose: plain text, which a migration can hold."""
