"""What was reported on an existing Spinnaker: never its files, and no secret."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse

from accounts.models.readable import Check, Readable, is_mappings, is_texts
from onboarding.adopting.accounts.fields import Treatment
from onboarding.adopting.report import OF_ACCOUNTS
from onboarding.adopting.values import PROVIDERS, SourceKind

KEPT = timedelta(days=30)
"""How long a report can be opened, and accounts be added from it."""
LONGEST_NAME = 200


KINDS = {kind.name.lower() for kind in SourceKind}


def is_report(value: Any) -> bool:
    """Return whether it is what docs/adopt.schema.json describes, but for accounts."""
    return (
        has(value, version=is_count, counts=is_counts, not_sources=is_texts)
        and has(value, managed_role=is_role, sources=all_are(is_source))
        and has(value, settings=all_are(is_setting), findings=all_are(is_finding))
    )


def is_said(value: Any) -> bool:
    """Return whether it is what the schema says of an account."""
    return (
        has(value, type=one_of(PROVIDERS), outcome=one_of(OF_ACCOUNTS))
        and has(value, name=is_text, source=is_text, reasons=is_texts)
        and has(value, fields=all_are(is_field))
    )


def is_field(value: Any) -> bool:
    known = has(value, field=is_text, outcome=one_of([*Treatment]), says=is_text)
    return known and has(value, note=is_text) and "value" in value


def is_setting(value: Any) -> bool:
    known = has(value, provider=one_of(PROVIDERS), outcome=one_of([*Treatment]))
    return known and has(value, setting=is_text, says=is_text) and "value" in value


def is_finding(value: Any) -> bool:
    return has(value, kind=is_text, says=is_text, accounts=is_texts)


def is_source(value: Any) -> bool:
    return has(value, kind=one_of(KINDS), title=is_text, accounts=each_counted)


def is_role(value: Any) -> bool:
    return value is None or has(value, partition=is_text, name=is_text)


def is_counts(value: Any) -> bool:
    known = has(value, **dict.fromkeys(OF_ACCOUNTS, is_count))
    return known and has(value, other_providers=each_counted)


def is_file(value: Any) -> bool:
    return has(value, name=is_text, sha256=is_text)


def has(value: Any, **keys: Check) -> bool:
    return isinstance(value, dict) and all(
        name in value and reads(value[name]) for name, reads in keys.items()
    )


def all_are(reads: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(reads, value))


def one_of(known: Collection[str]) -> Check:
    return lambda value: is_text(value) and value in known


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_count(value: Any) -> bool:
    return isinstance(value, int) and value >= 0


def each_counted(value: Any) -> bool:
    return isinstance(value, dict) and all(map(is_count, value.values()))


class AdoptionQuerySet(models.QuerySet["Adoption"]):
    def kept(self) -> AdoptionQuerySet:
        return self.filter(at__gt=Now() - KEPT)

    def expired(self) -> AdoptionQuerySet:
        return self.filter(at__lte=Now() - KEPT)


class Adoption(Readable):
    """One report, and what of it an accounts file would have."""

    READS = {"files": all_are(is_file), "taken": is_mappings, "report": is_report}

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

    def get_absolute_url(self) -> str:
        return reverse("accounts:adoption", args=[self.pk])


class AdoptedAccount(Readable):
    """An account of the report: a row each, so that a page reads what it shows."""

    READS = {"said": is_said}

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
