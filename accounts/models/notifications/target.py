"""Targets: where the notices of a team go, and never a secret in it."""

from __future__ import annotations

import uuid

from django.db import models
from django.urls import reverse

from accounts.models.activity import CreatedBy
from accounts.models.notifications.kinds import Kind
from accounts.models.readable import Readable, is_texts
from onboarding.delivery.connection import LONGEST


class TargetQuerySet(models.QuerySet["Target"]):
    def wanting(self, kind: Kind, environments: set[str]) -> list[Target]:
        """List those that are to hear of something in these environments."""
        active = self.filter(paused_at=None).order_by("created_at")
        return [one for one in active if one.wants(kind, environments)]


class Target(CreatedBy, Readable):
    """A channel of a team's, and which notices it receives."""

    READS = {"kinds": is_texts, "environments": is_texts}

    class Channel(models.TextChoices):
        SLACK = "slack", "Slack"
        TEAMS = "teams", "Microsoft Teams"
        WEBHOOK = "webhook", "Signed webhook"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=60, unique=True)
    channel = models.CharField(max_length=10, choices=Channel)
    place = models.CharField(max_length=LONGEST)
    """A webhook's URL; of other channels, where the secret URL is read from:
    `env:NAME` or `file:/PATH`.
    """
    kinds = models.JSONField(default=list)
    environments = models.JSONField(default=list, blank=True)
    """Empty: all; an empty text is “no environment”."""
    rotation = models.PositiveIntegerField(default=1, editable=False)
    """Counts a webhook's secrets for signing; see notify/channels/signing.py."""
    created_at = models.DateTimeField(auto_now_add=True)
    paused_at = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)
    """When it last took a notice."""
    failed_at = models.DateTimeField(null=True, editable=False)
    failure = models.CharField(max_length=300, blank=True, editable=False)
    """Why it last did not."""

    objects = TargetQuerySet.as_manager()

    class Meta:
        verbose_name = "target of notifications"
        verbose_name_plural = "targets of notifications"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("accounts:target", args=[self.pk])

    def wants(self, kind: Kind, environments: set[str]) -> bool:
        """Return whether it is to hear of this kind; about no environment at all, every
        target that wants the kind hears.
        """
        chosen = set(self.environments)
        if kind not in self.kinds:
            return False
        return not chosen or not environments or bool(chosen & environments)

    @property
    def is_failing(self) -> bool:
        """Return whether the last attempt failed."""
        if self.failed_at is None:
            return False
        return self.sent_at is None or self.failed_at > self.sent_at

    @property
    def kind_names(self) -> list[str]:
        return [kind.label for kind in Kind if kind in self.kinds]
