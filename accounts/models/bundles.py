"""Bundles: numbered revisions of Spinnaker's configuration."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Max
from django.db.models.functions import Now
from django.urls import reverse

from accounts.models.activity import CreatedBy, person_key
from accounts.models.lease import Carried, CarriedQuerySet
from accounts.models.managed import ManagedAccount
from accounts.models.readable import Readable, is_mapping
from onboarding.spinnaker.bundle.contents import Revision
from onboarding.spinnaker.bundle.limits import Load

BUILD_PATIENCE = timedelta(seconds=90)
"""How long a bundle may take before its message is taken for lost."""


class BundleQuerySet(CarriedQuerySet["Bundle"]):
    def due(self) -> BundleQuerySet:
        return self.filter(status=Bundle.Status.BUILDING)

    def abandoned(self) -> BundleQuerySet:
        """Keep those that nobody seems to build."""
        return self.due().filter(created_at__lt=Now() - BUILD_PATIENCE)

    def built(self) -> BundleQuerySet:
        """Keep those that can be read, downloaded and installed."""
        return self.filter(status=self.model.Status.READY)

    def light(self) -> BundleQuerySet:
        """Leave in the database what only a bundle's own page reads."""
        return self.defer("archive", "files", "readme", "load")

    def next_number(self) -> int:
        highest: int | None = self.aggregate(highest=Max("number"))["highest"]
        return (highest or 0) + 1

    def installed(self) -> BundleQuerySet:
        """Keep those that Spinnaker had; the first is the one that it has now."""
        return self.filter(installed_at__isnull=False).order_by("-installed_at")


def are_files(value: Any) -> bool:
    kinds = {"path": str, "size": int, "sha256": str}
    return isinstance(value, list) and all(
        isinstance(file, dict)
        and all(isinstance(file.get(key), kind) for key, kind in kinds.items())
        for file in value
    )


def is_load(value: Any) -> bool:
    """Accept the counts of a Load, or nothing."""
    if value is None:
        return True
    counts = {field.name for field in fields(Load)}
    whole = is_mapping(value) and value.keys() == counts
    return whole and all(type(count) is int for count in value.values())


COUNTED = ("since", "create", "update", "delete", "files")


def are_changes(value: Any) -> bool:
    """Accept how many accounts and files differ, or nothing."""
    if value is None:
        return True
    whole = is_mapping(value) and value.keys() == {*COUNTED}
    return whole and all(type(count) is int for count in value.values())


class Bundle(CreatedBy, Carried, Readable):
    """A numbered revision of Spinnaker's configuration, for all ready accounts."""

    READS = {"files": are_files, "load": is_load, "changes": are_changes}

    class Status(models.TextChoices):
        BUILDING = "building"
        READY = "ready"
        FAILED = "failed"

    number = models.PositiveIntegerField(unique=True)
    status = models.CharField(max_length=8, choices=Status, default=Status.BUILDING)
    error = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveIntegerField(default=0)
    archive = models.BinaryField(blank=True, default=b"")
    """The zip: in the database, so that any web server can hand it out."""
    files = models.JSONField(default=list)
    """[{path, size, sha256}] in the archive's order."""
    readme = models.TextField(blank=True, editable=False)
    """The text of README.md, which its page opens with; empty: read it in the zip."""
    load = models.JSONField(null=True, editable=False)
    """What Clouddriver will have to do, see onboarding/spinnaker/bundle/limits.py;
    empty: count it in the zip."""
    changes = models.JSONField(null=True, editable=False)
    """{since, create, update, delete, files}: how many accounts of Spinnaker, and other
    files, differ from the bundle before it, 0 where it is the first; empty: nobody
    counted."""
    accounts = models.ManyToManyField(ManagedAccount, related_name="bundles")
    created_at = models.DateTimeField(auto_now_add=True)
    installed_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When somebody last said that Spinnaker has it."""
    installed_by = person_key(editable=False)
    installed_by_name = models.CharField(max_length=150, blank=True, editable=False)

    objects = BundleQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"Bundle {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("accounts:bundle", args=[self.number])

    @property
    def revision(self) -> Revision:
        """Read out of its zip what it is compared by."""
        digests = {file["path"]: file["sha256"] for file in self.files}
        return Revision.zipped(self.number, self.archive, digests)

    @property
    def filename(self) -> str:
        return f"bowline-{self.number}-{self.created_at:%Y-%m-%d}.zip"
