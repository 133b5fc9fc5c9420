"""The AWS organization: its units and accounts as they were last read, and the
units that are watched.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now

from accounts.models.account import InCommon, Readable, is_mappings, is_texts
from accounts.models.lease import Durable, DurableQuerySet
from accounts.models.managed import ManagedAccount
from accounts.models.people import CreatedBy

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


BETWEEN = " / "
"""Between the names of a path: a unit's own name may hold a slash."""


class Unit(models.Model):
    """The root or an organizational unit."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="units"
    )
    unit_id = models.CharField(max_length=68)
    path = models.TextField()
    """The names from the root to it."""
    lineage = models.TextField()
    """The ids from the root to it, each followed by a slash: what is below it begins
    alike."""
    seen_in = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "organizational unit"
        ordering = ["path", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "unit_id"], name="unit_once"
            )
        ]

    def __str__(self) -> str:
        return self.path


class MemberQuerySet(models.QuerySet["Member"]):
    def active(self) -> MemberQuerySet:
        return self.filter(state=Member.ACTIVE, gone_at=None)

    def inactive(self) -> MemberQuerySet:
        """Keep those that left the organization, or are suspended or being closed."""
        return self.exclude(state=Member.ACTIVE, gone_at=None)

    def added(self) -> MemberQuerySet:
        """Keep those that Bowline manages, or has a draft of."""
        return self.filter(Exists(same_account()))

    def free(self) -> MemberQuerySet:
        """Keep those that can be described."""
        return self.active().filter(~Exists(same_account()))

    def below(self, unit: Unit) -> MemberQuerySet:
        """Keep those in the unit and in the units below it."""
        below = Unit.objects.filter(
            organization=unit.organization_id, lineage__startswith=unit.lineage
        )
        return self.filter(unit__in=below)

    def seen(self, reading: int) -> MemberQuerySet:
        return self.filter(seen_in=reading)

    def unseen(self, reading: int) -> MemberQuerySet:
        """Keep those that the reading did not meet yet, and that did not leave."""
        return self.filter(gone_at=None).exclude(seen_in=reading)


def same_account() -> models.QuerySet[ManagedAccount]:
    return ManagedAccount.objects.filter(account_id=OuterRef("account_id"))


class Member(models.Model):
    """An account of the organization; those that left stay, and say when."""

    ACTIVE = "ACTIVE"

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="members"
    )
    account_id = models.CharField(max_length=12)
    name = models.CharField(max_length=200)
    email = models.CharField(max_length=200, blank=True)
    called = models.CharField(max_length=60, blank=True)
    """The name as an account's name in Spinnaker can be: twins have the same."""
    state = models.CharField(max_length=40, blank=True)
    """AWS's own word."""
    joined_at = models.DateTimeField(null=True)
    unit = models.ForeignKey(
        Unit, on_delete=models.SET_NULL, null=True, related_name="members"
    )
    unit_since = models.DateTimeField()
    """When a reading first found it in this unit."""
    seen_in = models.PositiveIntegerField(default=0)
    gone_at = models.DateTimeField(null=True)
    """When a reading first found that it had left."""
    drafted_at = models.DateTimeField(null=True)
    """When a watch made a draft of it, or could not: it tries once."""
    draft_refused = models.TextField(blank=True)
    """Why it could not."""
    drafted_in = models.PositiveIntegerField(default=0)
    """The reading in which it did; 0: before this was kept."""
    drafted_for = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    """Who set up the watch."""
    tags_in = models.PositiveIntegerField(default=0)
    """The reading that read its tags; 0: none did."""

    objects = MemberQuerySet.as_manager()

    class Meta:
        ordering = ["name", "account_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "account_id"], name="member_once"
            )
        ]
        indexes = [
            models.Index(fields=["account_id"], name="member_account"),
            models.Index(fields=["called"], name="member_called"),
            models.Index(fields=["organization", "name"], name="member_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.account_id})"

    @property
    def active(self) -> bool:
        return self.state == self.ACTIVE and self.gone_at is None

    @property
    def word(self) -> str:
        """Its state as people write it."""
        if self.gone_at:
            return "left the organization"
        return self.state.lower().replace("_", " ") or "unknown"


class MemberTag(models.Model):
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="tags")
    key = models.CharField(max_length=128)
    value = models.CharField(max_length=256, blank=True)

    class Meta:
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(fields=["member", "key"], name="member_tag_once")
        ]
        indexes = [models.Index(fields=["key", "value"], name="member_tag")]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


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
