"""An uploaded file, with its accounts: kept from their check until they are saved."""

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
    def unexpired(self) -> UploadQuerySet:
        waiting = Q(saved_at=None, at__gt=Now() - KEPT)
        return self.filter(waiting | Q(saved_at__gt=Now() - KEPT_SAVED))

    def expired(self) -> UploadQuerySet:
        waited = Q(saved_at=None, at__lte=Now() - KEPT)
        return self.filter(waited | Q(saved_at__lte=Now() - KEPT_SAVED))


class Upload(Readable):
    """One file, as it was checked; never the file itself."""

    READS = {"saved": is_texts}

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(max_length=150)
    """The file's name."""
    at = models.DateTimeField(auto_now_add=True)
    digest = models.CharField(max_length=64, blank=True)
    """Of what the preview shows: whoever saves names the preview that they saw."""
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


class UploadedAccount(Readable):
    """An account of the file, and what saving it would change; gone once it is saved.

    A row each, so that a page reads no more than it shows.
    """

    READS = {"changes": is_mappings}

    upload = models.ForeignKey(
        Upload, on_delete=models.CASCADE, related_name="accounts"
    )
    position = models.PositiveIntegerField()
    line = models.PositiveIntegerField()
    name = models.CharField(max_length=60)
    account_id = models.CharField(max_length=12)
    what = models.CharField(max_length=10)
    """New, changed or same: see mapping/accounts_file/comparison.py."""
    changes = models.JSONField(default=list)
    """What differs, as texts."""
    written = models.JSONField(default=dict)
    """As a file says it."""

    class Meta:
        ordering = ["upload", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["upload", "position"], name="uploaded_account_position"
            )
        ]

    def __str__(self) -> str:
        return self.name
