"""What a run knows of its wait for the owner of the account."""

from __future__ import annotations

from django.db import models

from accounts.models.owners.made_by import MISSES


class WaitsForOwner(models.Model):
    handed_off_at = models.DateTimeField(null=True, blank=True, editable=False)
    """Since when it waits for the owner; empty: it never did."""
    awaited_from = models.DateTimeField(null=True, blank=True, editable=False)
    """From when Bowline looks often, and then less: the hand-off, or a person's word.
    """
    looked_at = models.DateTimeField(null=True, blank=True, editable=False)
    look_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When Bowline looks next; empty: it stopped looking."""
    refused = models.PositiveSmallIntegerField(default=0, editable=False)
    """How often in a row AWS has refused the owner's roles."""

    class Meta:
        abstract = True

    @property
    def is_refused(self) -> bool:
        """Return whether AWS refused the roles often enough to count them as gone."""
        return self.refused >= MISSES
