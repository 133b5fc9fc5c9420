"""Roles that a person has in some environments only."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class RoleLimit(models.Model):
    """An environment that a person's role is limited to; without a row for the role,
    it is for every environment. With rows of both kinds it is for what both name.
    """

    class Role(models.TextChoices):
        OPERATOR = "operator"
        APPROVER = "approver"

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="role_limits"
    )
    role = models.CharField(max_length=20, choices=Role)
    environment = models.CharField(max_length=60, blank=True)
    """Empty: accounts without one."""
    by_groups = models.BooleanField(default=False, editable=False)
    """Groups at the provider say so, at each sign-in; otherwise an administrator."""

    class Meta:
        ordering = ["role", "environment"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "role", "by_groups", "environment"],
                name="environment_once_per_role",
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} in {self.environment or 'no environment'}"
