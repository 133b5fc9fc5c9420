"""Verifies: what a run that verifies says of how far it came."""

from __future__ import annotations

from django.db import models

from accounts.models.standing import outcome_in_words, word_of


class Verifies(models.Model):
    status: str
    unknown_writes = models.PositiveIntegerField(default=0, editable=False)
    """Changes of which it could not say whether Spinnaker may make them."""

    undeployable = models.PositiveIntegerField(default=0, editable=False)
    """Regions without what a deployment needs."""

    class Meta:
        abstract = True

    @property
    def verification(self) -> str:
        """Say how far it came, such as “verified, 4 writes unknown”."""
        return outcome_in_words(self.status, self.unknown_writes, self.undeployable)

    @property
    def is_partial(self) -> bool:
        """Return whether something is unknown, or cannot be done."""
        return bool(self.unknown_writes or self.undeployable)

    @property
    def word(self) -> str:
        """Say its status as badges do."""
        return word_of(
            self.status,
            is_stale=False,
            unknown_writes=self.unknown_writes,
            undeployable=self.undeployable,
        )
