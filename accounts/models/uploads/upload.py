"""Accounts of an uploaded file: kept from their check until they are saved."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from accounts.models.readable import Readable, is_mappings, is_texts

KEPT = timedelta(hours=1)
"""How long checked accounts wait to be saved."""
KEPT_SAVED = timedelta(days=7)
"""How long the list of what was saved can be opened."""


class UploadQuerySet(models.QuerySet["Upload"]):
    def kept(self) -> UploadQuerySet:
        waiting = Q(saved_at=None, at__gt=Now() - KEPT)
        return self.filter(waiting | Q(saved_at__gt=Now() - KEPT_SAVED))

    def expired(self) -> UploadQuerySet:
        waited = Q(saved_at=None, at__lte=Now() - KEPT)
        return self.filter(waited | Q(saved_at__lte=Now() - KEPT_SAVED))


class Upload(Readable):
    """The checked accounts of one file, never the file itself."""

    READS = {"accounts": is_mappings, "preview": is_mappings, "saved": is_texts}

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(max_length=150)
    """The file's name."""
    at = models.DateTimeField(auto_now_add=True)
    accounts = models.JSONField(default=list)
    """As they are written, with their lines; nothing once they are saved."""
    preview = models.JSONField(default=list)
    """What saving them would change."""
    left_alone = models.PositiveIntegerField(default=0)
    """How many accounts Bowline has that the file does not name."""
    saved_at = models.DateTimeField(null=True)
    saved = models.JSONField(default=list)
    """The keys of the accounts that were added or changed."""

    objects = UploadQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("accounts:file-preview", args=[self.pk])
