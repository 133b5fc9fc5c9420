"""Many accounts of the organization that a worker adds, all of them or none."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse

from accounts.models.lease import Durable, DurableQuerySet
from accounts.models.organization.reading import Organization
from accounts.models.readable import Readable, is_texts
from accounts.models.rollouts.rollout import Rollout

KEPT = timedelta(days=7)
"""How long its page can be opened."""


class AddingQuerySet(DurableQuerySet["Adding"]):
    def due(self) -> AddingQuerySet:
        return self.filter(finished_at=None)

    def expired(self) -> AddingQuerySet:
        return self.filter(at__lte=Now() - KEPT)


class Adding(Durable, Readable):
    """The accounts that a person chose, what they have in common, and how far it is."""

    READS = {"account_ids": is_texts, "refused": is_texts}

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="+"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)
    account_ids = models.JSONField(default=list)
    shared = models.JSONField(default=dict)
    plans = models.BooleanField(default=False)
    """Whether a rollout of them is started right away."""
    checked = models.PositiveIntegerField(default=0)
    """How many accounts were checked; all: they are being saved."""
    added_at = models.DateTimeField(null=True)
    """The one moment at which they all came to be."""
    rollout = models.ForeignKey(
        Rollout, on_delete=models.CASCADE, null=True, related_name="+"
    )
    refused = models.JSONField(default=list)
    """Why nothing was added, or, if something was, why no rollout was started."""
    finished_at = models.DateTimeField(null=True)

    objects = AddingQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "addings"

    def __str__(self) -> str:
        return f"The accounts that {self.by} adds"

    def get_absolute_url(self) -> str:
        return reverse("accounts:organization-adding", args=[self.pk])
