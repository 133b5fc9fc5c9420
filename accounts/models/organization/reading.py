"""How far the organization is read: one row, which one worker at a time carries on."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models.lease import Durable, DurableQuerySet
from accounts.models.readable import Readable, is_mappings, is_texts

ROOT: dict[str, str] = {"what": "roots", "parent": "", "token": ""}
"""The page that a reading begins with."""


class OrganizationQuerySet(DurableQuerySet["Organization"]):
    def due(self) -> OrganizationQuerySet:
        return self.filter(started_at__isnull=False, finished_at=None)

    def idle(self) -> OrganizationQuerySet:
        return self.filter(Q(started_at=None) | Q(finished_at__isnull=False))

    def begin(self, by: Any) -> int:
        """Begin to read from the root; 0 where somebody is at it."""
        return self.idle().update(
            reading=F("reading") + 1,
            started_at=Now(),
            finished_at=None,
            to_read=[ROOT],
            failures=0,
            message="",
            hint="",
            units_refused="",
            asked_by=by,
        )


class Organization(Durable, Readable):
    """The organization as one managing account may read it.

    A reading is done when no page is left, no account is unseen, and, where tags are
    wanted, every account's tags are read.
    """

    SECONDS = 100
    READS = {"to_read": is_mappings, "tag_keys": is_texts}

    partition = models.CharField(max_length=12)
    account_id = models.CharField(max_length=12)
    """The managing account, from which it is read."""
    organization_id = models.CharField(max_length=34, blank=True)
    """Empty: it may not be read."""
    reading = models.PositiveIntegerField(default=0)
    """The number of the newest reading: what it saw has this number."""
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    """Empty: the schedule."""
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    to_read = models.JSONField(default=list)
    """The pages that are left: what is listed below which parent, after which token."""
    failures = models.PositiveSmallIntegerField(default=0)
    """How often in a row AWS was too busy."""
    message = models.TextField(blank=True)
    """Why the newest reading ended early; empty where it did not."""
    hint = models.TextField(blank=True)
    units_refused = models.TextField(blank=True)
    """Why the accounts are listed without their units; empty where they are not."""
    read_at = models.DateTimeField(null=True)
    """When it was last read to the end; empty: never."""
    reads_tags = models.BooleanField(default=False)
    tag_keys = models.JSONField(default=list)
    """The keys of all tags, when it was last read to the end."""

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["partition", "account_id"], name="organization_once"
            )
        ]

    def __str__(self) -> str:
        return self.organization_id or f"The organization of {self.account_id}"

    @property
    def is_scheduled(self) -> bool:
        return self.asked_by_id is None

    @property
    def is_reading(self) -> bool:
        return self.started_at is not None and self.finished_at is None
