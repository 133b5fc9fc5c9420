"""Who may pull the feed: tokens, of which the digest is kept."""

from __future__ import annotations

from django.db import models

from accounts.models.activity import CreatedBy
from accounts.models.tokens.issued import IssuedToken, IssuedTokenQuerySet


class FeedTokenQuerySet(IssuedTokenQuerySet["FeedToken"]):
    pass


class FeedToken(CreatedBy, IssuedToken):
    """A text that opens the feed, and nothing else."""

    gateway = models.CharField(max_length=200, blank=True)
    """Where Clouddriver asks, if API Gateway is in front; it sends the token then."""
    used_at = models.DateTimeField(null=True, blank=True)
    sent = models.PositiveIntegerField(default=0)
    """How many records the last answer had, on all of its pages."""

    objects = FeedTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "feed token"
        ordering = ["-created_at"]
