"""A text that opens something, of which the digest is kept, until it ends."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self, TypeVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

T = TypeVar("T", bound="IssuedToken")


class IssuedTokenQuerySet(models.QuerySet[T]):
    def usable(self) -> Self:
        """Keep those that open something."""
        lasting = Q(expires_at=None) | Q(expires_at__gt=Now())
        return self.filter(lasting, revoked_at=None)

    def revoke(self) -> int:
        """Let those open nothing from now on that could until then."""
        return self.filter(revoked_at=None).update(revoked_at=Now())


class IssuedToken(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    """The SHA-256. The token has 256 random bits, so nobody can try them all."""
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    def is_usable(self, now: datetime | None = None) -> bool:
        lasts = self.expires_at is None or self.expires_at > (now or timezone.now())
        return lasts and self.revoked_at is None
