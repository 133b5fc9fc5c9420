"""What one check found, in columns."""

from __future__ import annotations

from typing import NamedTuple

from django.db import models

from accounts.models.readable import Readable

NEAR = 5
"""Lines that are shown on either side of the one that decides."""


class DocumentLine(NamedTuple):
    number: int
    text: str
    is_marked: bool


class Found(Readable):
    """What one check found: an outcome and a sentence."""

    class Outcome(models.TextChoices):
        PASSED = "passed"
        EVALUATED = "evaluated"
        NOT_TESTABLE = "not testable"
        CANNOT_DEPLOY = "cannot deploy"
        FAILED = "failed"

    provider = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    outcome = models.CharField(max_length=20, choices=Outcome)
    sentence = models.TextField(blank=True)
    fix = models.TextField(blank=True)
    located = models.CharField(max_length=20, blank=True)
    """A Located of onboarding.verify; empty: no refusal, or it is not known."""
    document = models.TextField(blank=True)
    line = models.PositiveIntegerField(default=0)
    """The line of the document that decides; 0: none."""
    change = models.TextField(blank=True)
    as_spinnaker = models.BooleanField(default=False)
    """Called as Spinnaker's identity or as the managed role; earlier releases didn't
    say so.
    """
    worse = models.BooleanField(default=False)
    """It failed, and was good in an earlier verification."""

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.name}: {self.outcome}"

    @property
    def lines(self) -> list[DocumentLine]:
        """Cut the document that decides into its lines."""
        numbered = enumerate(self.document.splitlines(), start=1)
        return [DocumentLine(n, text, n == self.line) for n, text in numbered]

    @property
    def near_lines(self) -> list[DocumentLine]:
        """Keep the lines about the one that decides."""
        return [one for one in self.lines if abs(one.number - self.line) <= NEAR]
