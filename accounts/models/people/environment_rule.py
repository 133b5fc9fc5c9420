"""Which environment accounts must be in, whatever a description says."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class EnvironmentRule(models.Model):
    """An administrator decided it; no description may contradict it."""

    class By(models.TextChoices):
        """What a rule knows accounts by, the strongest first."""

        ID = "id", "AWS account ID"
        NAME = "name", "Name pattern"
        UNIT = "unit", "Organizational unit"

    by = models.CharField(max_length=10, choices=By.choices)
    value = models.CharField(max_length=100)
    """An ID, a pattern with `*` and `?`, or the ID of a unit or root."""
    environment = models.CharField(max_length=60)

    class Meta:
        ordering: ClassVar = ["by", "value"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["by", "value"], name="rule_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_by_display()} {self.value}: {self.environment}"
