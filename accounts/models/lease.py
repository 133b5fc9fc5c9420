"""Leases: one worker at a time holds a row, and a dead worker's hold runs out.

Every move is a conditional UPDATE whose row count tells who won. Only the database's
clock counts: workers' own clocks differ.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

LEASE = timedelta(seconds=60)
"""Longer than any single AWS call with its retries; every write extends it."""


class LeaseLost(Exception):
    """Another worker holds the row now; whoever gets this must stop at once."""


class Leased(models.Model):
    lease = models.UUIDField(null=True, blank=True, editable=False)
    """Another one each time that somebody takes hold, so that no two are confused."""
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def take_lease(self) -> bool:
        """Take hold of the row; False where somebody else holds it."""
        lease = uuid.uuid4()
        free = Q(leased_until=None) | Q(leased_until__lt=Now())
        rows = type(self)._base_manager.filter(free, pk=self.pk)
        if not rows.update(lease=lease, leased_until=Now() + LEASE):
            return False
        self.lease = lease
        return True

    def extend_lease(self) -> None:
        """Hold on for another while; raise LeaseLost where it was taken over."""
        held = type(self)._base_manager.filter(pk=self.pk, lease=self.lease)
        if self.lease is None or not held.update(leased_until=Now() + LEASE):
            raise self.lost()

    def free_lease(self) -> None:
        """Let go; nothing happens where somebody else took over meanwhile."""
        held = type(self)._base_manager.filter(pk=self.pk, lease=self.lease)
        held.update(lease=None, leased_until=None)
        self.lease = None

    def lost(self) -> LeaseLost:
        return LeaseLost(f"{self} is being worked on by another worker.")
