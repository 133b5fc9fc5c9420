"""One search for EKS clusters in many accounts, and what it found."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse

from accounts.models.lease import Durable, DurableQuerySet
from accounts.models.managed import ManagedAccount
from accounts.models.readable import Readable, is_texts

KEPT = timedelta(days=1)
"""What was found is older than that: search again."""


class ClusterSearchQuerySet(DurableQuerySet["ClusterSearch"]):
    def due(self) -> ClusterSearchQuerySet:
        return self.filter(finished_at=None)

    def unexpired(self) -> ClusterSearchQuerySet:
        return self.filter(at__gt=Now() - KEPT)

    def expired(self) -> ClusterSearchQuerySet:
        return self.filter(at__lte=Now() - KEPT)


class ClusterSearch(Durable, Readable):
    """What a person asked for, how far it is, and what is chosen of it so far."""

    SECONDS = 100
    READS = {"namespaces": is_texts}

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    pattern = models.CharField(max_length=100, default="{account}-{cluster}")
    """Of the clusters' names in Spinnaker."""
    rights = models.CharField(max_length=20, default="edit")
    namespaces = models.JSONField(default=list)
    access = models.CharField(max_length=20, default="entry")

    objects = ClusterSearchQuerySet.as_manager()

    class Meta:
        verbose_name = "search for clusters"
        verbose_name_plural = "searches for clusters"

    def __str__(self) -> str:
        return f"The search for clusters {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("accounts:clusters", args=[self.pk])


class SearchedAccount(models.Model):
    """An account that is searched, with why it could not be."""

    search = models.ForeignKey(
        ClusterSearch, on_delete=models.CASCADE, related_name="accounts"
    )
    account = models.ForeignKey(
        ManagedAccount, on_delete=models.CASCADE, related_name="+"
    )
    read_at = models.DateTimeField(null=True)
    message = models.TextField(blank=True)
    """Why it could not be read; empty where it could."""
    hint = models.TextField(blank=True)

    class Meta:
        ordering = ["account__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["search", "account"], name="searched_account_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account}"


class FoundCluster(models.Model):
    """A cluster that AWS listed."""

    class Endpoint(models.TextChoices):
        PUBLIC = "public", "public"
        RESTRICTED = "restricted", "public for some networks"
        PRIVATE = "private", "private"

    search = models.ForeignKey(
        ClusterSearch, on_delete=models.CASCADE, related_name="clusters"
    )
    account = models.ForeignKey(
        ManagedAccount, on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(max_length=100)
    region = models.CharField(max_length=30)
    endpoint = models.CharField(max_length=10, choices=Endpoint.choices)
    mode = models.CharField(max_length=40, blank=True)
    """AWS's own word for how the cluster authenticates."""
    added = models.BooleanField(default=False)
    """Spinnaker has, or will have, an account for it."""
    ticked = models.BooleanField(default=False)

    class Meta:
        ordering = ["account__name", "region", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["search", "account", "region", "name"],
                name="found_cluster_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} in {self.region} of {self.account}"
