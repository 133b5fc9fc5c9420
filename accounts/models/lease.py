"""Leases: one worker at a time holds a row, and a dead worker's hold runs out; the
heartbeat shows whether any worker is alive.

Every move is a conditional UPDATE whose row count shows who won. Only the database's
clock counts: workers' own clocks differ.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

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


THE_ONE = 1


class Heartbeat(models.Model):
    """When a worker last answered, and when the broker last did not."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ONE)
    seen_at = models.DateTimeField(null=True)
    broker_lost_at = models.DateTimeField(null=True)
    skewed_host = models.CharField(max_length=255, blank=True)
    """Where a worker's clock was last found wrong."""
    skew_seconds = models.IntegerField(default=0)
    """By how much it is ahead of the database's; negative: behind."""
    skewed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(id=THE_ONE), name="heartbeat_is_one"
            )
        ]

    def __str__(self) -> str:
        return f"Heartbeat {self.seen_at}"

    @classmethod
    def note(cls, **moments: Any) -> None:
        """Write moments down, in the row that is there or in a new one."""
        if not cls.objects.update(**moments):
            cls.objects.update_or_create(id=THE_ONE, defaults=moments)
