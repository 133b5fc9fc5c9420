"""Findings: what the checks of superseded verifications found, each list only once."""

from __future__ import annotations

from typing import Any

from django.db import models

from accounts.models.checks.found import Found
from accounts.models.readable import Readable

COLUMNS = frozenset(field.name for field in Found._meta.local_fields)


def are_results(value: Any) -> bool:
    """Return whether these are columns of Found, for each check."""
    return isinstance(value, list) and all(
        isinstance(one, dict)
        and one.keys() <= COLUMNS
        and one.get("outcome") in Found.Outcome.values
        for one in value
    )


def are_seconds(value: Any) -> bool:
    """Return whether it says how long each check took, or nothing."""
    return value is None or (
        isinstance(value, list) and all(isinstance(one, int | float) for one in value)
    )


class Findings(Readable):
    """What all checks of a verification found; most nights find the same again."""

    READS = {"results": are_results}

    digest = models.CharField(max_length=64, unique=True)
    results = models.JSONField()
    """A mapping of columns for each check, in order, without what is empty."""

    class Meta:
        verbose_name_plural = "findings"

    def __str__(self) -> str:
        return f"{len(self.results)} checks ({self.digest[:12]})"
