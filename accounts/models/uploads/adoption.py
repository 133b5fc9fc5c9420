"""What was reported on an existing Spinnaker: never its files, and no secret."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse

from accounts.models.readable import Readable, fits, is_mappings
from accounts.models.uploads.report import (
    ReportAccount,
    ReportFile,
    StoredReport,
)
from onboarding.adopting.report import OF_ACCOUNTS
from onboarding.adopting.values import PROVIDERS

KEPT = timedelta(days=30)
"""How long a report can be opened, and accounts be added from it."""
LONGEST_NAME = 200


class AdoptionQuerySet(models.QuerySet["Adoption"]):
    def unexpired(self) -> AdoptionQuerySet:
        return self.filter(at__gt=Now() - KEPT)

    def expired(self) -> AdoptionQuerySet:
        return self.filter(at__lte=Now() - KEPT)


class Adoption(Readable):
    """One report, and what of it an accounts file would have."""

    READS = {
        "files": fits(list[ReportFile]),
        "taken": is_mappings,
        "report": fits(StoredReport),
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    digest = models.CharField(max_length=64, unique=True)
    """Of the files and the report: the same files again lead to the same row."""
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)
    deployment = models.CharField(max_length=LONGEST_NAME, blank=True)
    """The deployment of Halyard's config that somebody chose."""
    files = models.JSONField(default=list)
    """Each with its name and SHA-256."""
    gate = models.BooleanField(default=False)
    """Whether the connected Spinnaker was read, too."""
    report = models.JSONField(default=dict)
    """As docs/adopt.schema.json describes it, but for its accounts."""
    text = models.TextField(blank=True)
    """The report in sentences."""
    read = models.TextField(blank=True)
    """What was read of the sources, without a secret and packed, while accounts wait to
    be confirmed: the report is made again of it.
    """
    taken = models.JSONField(default=list)
    """The accounts that can be taken, in the keys of the accounts file."""
    managing = models.CharField(max_length=60)
    """A name that the managing account can have."""
    managed_role = models.TextField()
    base_role = models.TextField()
    """Both as the source has them: not every text can be a role's name."""

    objects = AdoptionQuerySet.as_manager()

    def __str__(self) -> str:
        return f"report of {self.at:%-d %B %Y}"

    @property
    def can_be_taken(self) -> int:
        """Count the accounts of Spinnaker that can be."""
        counts: dict[str, int] = self.report["counts"]
        return counts["taken"]

    @property
    def waiting(self) -> int:
        """Count the accounts that would be taken, if somebody confirmed them."""
        waiting: int = self.report["counts"].get("waiting", 0)
        return waiting if self.read else 0

    @property
    def look(self) -> dict[str, Any] | None:
        """Return how far the last look at AWS is; None: nobody looked."""
        look: dict[str, Any] | None = self.report.get("look")
        return look

    def get_absolute_url(self) -> str:
        return reverse("accounts:adoption", args=[self.pk])


class AdoptedAccount(Readable):
    """An account of the report: a row each, so that a page reads what it shows."""

    READS = {"said": fits(ReportAccount)}

    adoption = models.ForeignKey(
        Adoption, on_delete=models.CASCADE, related_name="accounts"
    )
    position = models.PositiveIntegerField()
    type = models.CharField(max_length=20, choices=[(one, one) for one in PROVIDERS])
    """The provider in Spinnaker."""
    name = models.CharField(max_length=LONGEST_NAME)
    """To search by: a source may have longer ones."""
    outcome = models.CharField(
        max_length=20, choices=[(one.value, one.value) for one in OF_ACCOUNTS]
    )
    said = models.JSONField(default=dict)
    """Everything that the report says of it."""

    class Meta:
        ordering = ["adoption", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["adoption", "position"], name="adopted_account_position"
            )
        ]

    def __str__(self) -> str:
        return self.name
