"""Whether approvals in an environment ask for a second person."""

from __future__ import annotations

from django.db import models


class EnvironmentPolicy(models.Model):
    """What an administrator decided about approvals in one environment."""

    environment = models.CharField(max_length=60, blank=True, unique=True)
    """Empty: accounts without one, and the managing account."""
    four_eyes = models.BooleanField()
    """Whether whoever plans may not approve."""

    class Meta:
        verbose_name_plural = "environment policies"

    def __str__(self) -> str:
        return self.environment or "no environment"
