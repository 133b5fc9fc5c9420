"""Watching a unit: its new accounts become drafts, with what its template says."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from accounts.models.activity import CreatedBy
from accounts.models.described import is_account_name, is_role_name
from accounts.models.organization.members import Unit
from accounts.models.owners.made_by import MANAGED_MAKERS
from accounts.models.readable import Readable, is_texts
from onboarding.topology import MadeBy


class Watch(CreatedBy, Readable):
    """An operator decided that new accounts in the unit, or below it, become drafts."""

    READS = {
        "regions": is_texts,
        "providers": is_texts,
        "read_roles": is_texts,
        "write_roles": is_texts,
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    unit = models.OneToOneField(Unit, on_delete=models.CASCADE, related_name="watch")
    since = models.DateTimeField(auto_now_add=True)
    """Accounts that were in the unit before are nobody's news."""
    regions = models.JSONField(default=list)
    environment = models.CharField(
        max_length=60, blank=True, validators=[is_account_name]
    )
    providers = models.JSONField(default=list)
    access_role = models.CharField(max_length=64, blank=True, validators=[is_role_name])
    uses_external_id = models.BooleanField(default=True)
    made_by = models.CharField(
        max_length=12, choices=MANAGED_MAKERS, default=MadeBy.BOWLINE.value
    )
    read_roles = models.JSONField(default=list, blank=True)
    write_roles = models.JSONField(default=list, blank=True)
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
