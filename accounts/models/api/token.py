"""Tokens of the API: each acts as its person, within its scopes."""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models.readable import Readable


class Scope(models.TextChoices):
    READ = "read", "Read: accounts, runs, bundles, and activity"
    OPERATE = (
        "operate",
        "Operate: add, plan, and verify accounts, build bundles, and deliver",
    )
    APPROVE = "approve", "Approve: approve and discard plans"


def are_scopes(value: Any) -> bool:
    return isinstance(value, list) and all(one in Scope.values for one in value)


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self) -> Self:
        """Keep those that open something."""
        return self.filter(expires_at__gt=Now(), revoked_at=None)

    def revoke(self) -> int:
        """Let those open nothing from now on that could until then."""
        return self.filter(revoked_at=None).update(revoked_at=Now())


class ApiToken(Readable):
    """A text with which programs act as a person, of which the digest is kept."""

    READS = {"scopes": are_scopes}

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    """The SHA-256. The token has 256 random bits, so nobody can try them all."""
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # people are deactivated, never deleted
        related_name="+",
        editable=False,
    )
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "API token"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    def is_usable(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()
