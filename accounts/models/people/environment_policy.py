"""Whether approvals in an environment ask for a second person."""

from __future__ import annotations

from django.db import models

from accounts.models.activity import person_key


class EnvironmentPolicy(models.Model):
    """What an administrator decided about approvals in one environment."""

    environment = models.CharField(max_length=60, blank=True, unique=True)
    """Empty: accounts without one."""
    second_approver = models.BooleanField()
    """Whether whoever plans may not approve."""
    off_asked_by = person_key(editable=False)
    """Who asked to switch it off, which another administrator does; null: nobody."""

    class Meta:
        verbose_name_plural = "environment policies"

    def __str__(self) -> str:
        return self.environment or "no environment"
