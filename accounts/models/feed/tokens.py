"""Who may pull the feed: tokens, of which the digest is kept."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models.activity import CreatedBy


class FeedTokenQuerySet(models.QuerySet["FeedToken"]):
    def usable(self) -> FeedTokenQuerySet:
        """Keep those that open the feed."""
        lasting = Q(expires_at=None) | Q(expires_at__gt=Now())
        return self.filter(lasting, revoked_at=None)


class FeedToken(CreatedBy):
    """A text that opens the feed, and nothing else."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    """The SHA-256. The token has 256 random bits, so nobody can try them all."""
    gateway = models.CharField(max_length=200, blank=True)
    """Where Clouddriver asks, if API Gateway is in front; it sends the token then."""
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    sent = models.PositiveIntegerField(default=0)
    """How many records the last answer had, on all of its pages."""

    objects = FeedTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "feed token"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    def is_usable(self, now: datetime | None = None) -> bool:
        lasts = self.expires_at is None or self.expires_at > (now or timezone.now())
        return lasts and self.revoked_at is None
