"""An account's roles as AWS had them when they were last read.

What others gave to them is kept as rows of ForeignPolicy, with what was said of it.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Self
from uuid import UUID

from django.db import models

from accounts.models.managed import ManagedAccount
from accounts.models.readable import Readable, fits, is_mappings, is_texts
from onboarding.review.as_found import FoundRole

COLUMNS = {field.name for field in fields(FoundRole)}


def are_found_roles(value: Any) -> bool:
    return is_mappings(value) and all(one.keys() == COLUMNS for one in value)


class FoundRolesQuerySet(models.QuerySet["FoundRoles"]):
    def of(self, account: ManagedAccount | UUID | None) -> Self:
        """Keep what was found in this account; None: in the managing account."""
        return self.filter(account=account)

    def keep(self, account: UUID | None, **found: Any) -> None:
        """Write what was found over what was; of two at once, either may be last."""
        if not self.of(account).update(**found):
            row = FoundRoles(account_id=account, **found)
            self.bulk_create([row], ignore_conflicts=True)


class FoundRoles(Readable):
    class Taken(models.TextChoices):
        """How far roles that were there before Bowline were taken over; the least far
        first.
        """

        POLICIES = "policies", "Policies of others"
        TRUST = "trust", "Trust policy of others"
        TAG = "tag", "Not tagged as Bowline's"
        OUTSIDE = "outside", "To change outside Bowline"
        OWNED = "owned", "Bowline's"
        KEPT = "kept", "As planned, managed outside Bowline"

    READS = {
        "roles": are_found_roles,
        "differs": is_texts,
        "managed_by": fits(dict[str, str]),
    }

    account = models.OneToOneField(
        ManagedAccount,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        editable=False,
        related_name="found_roles",
    )
    """None: they are in the managing account."""
    read_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When; None: they could not be read yet."""
    roles = models.JSONField(default=list, editable=False)
    """What onboarding/review/as_found.py says of each."""
    planned = models.CharField(max_length=64, blank=True, editable=False)
    """Which description they were compared with, as a digest."""
    differs = models.JSONField(default=list, editable=False)
    """What a plan would have changed then."""
    taken = models.CharField(
        max_length=8, choices=Taken, blank=True, editable=False, db_index=True
    )
    """What is next to take over of roles that were there before; empty: none were."""
    managed_by = models.JSONField(default=dict, editable=False)
    """By role that was there before, what else manages it, as it was last planned."""
    unread = models.TextField(blank=True, editable=False)
    """Why they could not be read since."""
    unread_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = FoundRolesQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "found roles"
        constraints = [
            models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(account=None),
                name="found_roles_once_in_managing",
            ),
        ]

    def __str__(self) -> str:
        where = self.account.name if self.account else "the managing account"
        return f"roles of {where}"
