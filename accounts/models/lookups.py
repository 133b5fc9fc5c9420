"""Lookups: what pages want to know of AWS, asked by a worker and kept for a while."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models.lease import Carried, CarriedQuerySet

PATIENCE = timedelta(minutes=2)
"""How long a worker may take to answer, its time in the queue included."""


class LookupQuerySet(CarriedQuerySet["Lookup"]):
    """By the database's clock: the site and its workers may differ by minutes."""

    def due(self) -> LookupQuerySet:
        """Keep those that a worker has yet to answer."""
        return self.filter(answered_at=None, asked_at__gt=Now() - PATIENCE)

    def abandoned(self) -> LookupQuerySet:
        """Keep none: the page asks again."""
        return self.none()

    def idle(self) -> LookupQuerySet:
        """Keep those that can be asked: answered, given up, or never asked."""
        given_up = Q(asked_at=None) | Q(asked_at__lte=Now() - PATIENCE)
        return self.filter(given_up | Q(answered_at__isnull=False))

    def answered(self, within: timedelta) -> LookupQuerySet:
        """Keep those that were answered, or refused, so recently."""
        return self.filter(answered_at__gt=Now() - within)

    def over(self, since: timedelta) -> LookupQuerySet:
        """Keep those that were answered so long ago, or given up."""
        given_up = Q(answered_at=None, asked_at__lte=Now() - PATIENCE)
        return self.filter(given_up | Q(answered_at__lte=Now() - since))


class Lookup(Carried):
    """One question to AWS, whoever asks it, with its last answer."""

    SECONDS = 100  # within PATIENCE

    question = models.CharField(max_length=64, unique=True)
    """The digest of topic and parameters."""
    topic = models.CharField(max_length=20)
    parameters = models.JSONField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    times_asked = models.PositiveIntegerField(default=0)
    """Distinguishes a late answer from the expected one."""
    asked_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answer = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    message = models.TextField(blank=True)
    """Why there is no answer; empty where there is one."""
    hint = models.TextField(blank=True)

    objects = LookupQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["asked_at"],
                condition=Q(answered_at=None),
                name="lookup_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.parameters}"

    @property
    def waits(self) -> bool:
        return self.answered_at is None

    @property
    def refused(self) -> bool:
        return bool(self.message)


class SentFile(models.Model):
    """The file that a lookup is about: gone once it is answered, or given up."""

    lookup = models.OneToOneField(
        Lookup, on_delete=models.CASCADE, primary_key=True, related_name="file"
    )
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"{len(self.content):,} bytes"
