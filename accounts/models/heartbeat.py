"""The heartbeat: one row, in which workers write down that they work."""

from __future__ import annotations

from typing import Any

from django.db import models

THE_ONE = 1


class Heartbeat(models.Model):
    """When a worker last answered, and when the broker last did not."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ONE)
    seen_at = models.DateTimeField(null=True)
    broker_lost_at = models.DateTimeField(null=True)

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
