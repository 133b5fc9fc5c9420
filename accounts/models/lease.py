"""Leases: one worker at a time holds a row, and a dead worker's hold runs out.

Every move is a conditional UPDATE whose row count tells who won.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

LEASE = timedelta(seconds=60)
"""Longer than any single AWS call with its retries; every step extends it."""


class LeaseLost(Exception):
    """Another worker holds the row now; whoever gets this must stop at once."""


class Leased(models.Model):
    lease = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def take_lease(self) -> bool:
        """Take hold of the row; False where somebody else holds it."""
        now = timezone.now()
        lease, until = uuid.uuid4(), now + LEASE
        free = Q(leased_until=None) | Q(leased_until__lt=now)
        rows = type(self)._base_manager.filter(free, pk=self.pk)
        if not rows.update(lease=lease, leased_until=until):
            return False
        self.lease, self.leased_until = lease, until
        return True

    def extend_lease(self) -> None:
        """Hold on for another while; raise LeaseLost where it was taken over."""
        until = timezone.now() + LEASE
        held = type(self)._base_manager.filter(pk=self.pk, lease=self.lease)
        if not held.update(leased_until=until):
            raise LeaseLost(f"{self} is being worked on by another worker.")
        self.leased_until = until

    def free_lease(self) -> None:
        """Let go; nothing happens where somebody else took over meanwhile."""
        held = type(self)._base_manager.filter(pk=self.pk, lease=self.lease)
        held.update(lease=None, leased_until=None)
        self.lease = self.leased_until = None
