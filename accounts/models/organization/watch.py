"""Watching a unit: its new accounts become drafts, with what its template says."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from accounts.models.activity import CreatedBy
from accounts.models.organization.members import Unit
from accounts.models.organization.template import InCommon
from accounts.models.readable import Readable, is_texts


class Watch(CreatedBy, InCommon, Readable):
    """An operator decided that new accounts in the unit, or below it, become drafts."""

    READS = {**InCommon.READS_IN_COMMON, "providers": is_texts}

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    unit = models.OneToOneField(Unit, on_delete=models.CASCADE, related_name="watch")
    since = models.DateTimeField(auto_now_add=True)
    """Accounts that were in the unit before are nobody's news."""
    providers = models.JSONField(default=list)
    roles_tag = models.CharField(max_length=128, blank=True)
    """The tag whose value is the write role of an account; empty: `write_roles`."""
    authors = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, editable=False, related_name="+"
    )
    """Who wrote it: the authors of the drafts that it makes."""

    class Meta:
        verbose_name_plural = "watches"
        ordering = ["unit__path", "id"]

    def __str__(self) -> str:
        return f"{self.unit}"
