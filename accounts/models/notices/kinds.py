"""The kinds of notices: what a target, or a person, chooses to hear of."""

from __future__ import annotations

from django.db import models


class Kind(models.TextChoices):
    WAITS = "waits", "Plans wait for approval"
    FAILED = "failed", "A rollout paused by itself"
    NEW_ACCOUNTS = "new accounts", "New accounts in watched units"
    ENDED = "ended", "A rollout ended"
