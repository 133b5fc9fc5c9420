"""Questions: what a worker finds out, or does, for a person who waits for it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from pydantic import BaseModel, ValidationError

from accounts.models.lease import Durable, DurableQuerySet
from accounts.models.managed import ManagedAccount
from accounts.models.readable import Readable, Unreadable, is_mapping

S = TypeVar("S", bound=BaseModel)


class QuestionQuerySet(DurableQuerySet["Question"]):
    """By the database's clock: the site and its workers may differ by minutes."""

    def due(self) -> QuestionQuerySet:
        """Keep those that a worker has yet to answer."""
        return self.unexpired().filter(answered_at=None)

    def unexpired(self) -> QuestionQuerySet:
        return self.filter(expires_at__gt=Now())

    def expired(self) -> QuestionQuerySet:
        return self.filter(expires_at__lte=Now())

    def idle(self) -> QuestionQuerySet:
        """Keep those that can be asked: answered, given up, or never asked."""
        return self.exclude(answered_at=None, expires_at__gt=Now())

    def answered(self, within: timedelta) -> QuestionQuerySet:
        """Keep those that were answered, or refused, so recently."""
        return self.filter(answered_at__gt=Now() - within)

    def open_to(self, person: Any) -> QuestionQuerySet:
        """Keep those whose answers this person may read."""
        return self.filter(Q(is_own=False) | Q(asked_by=person))


class Question(Durable, Readable):
    """One question with its last answer: see discover/questions.py for the kinds."""

    READS = {"input": is_mapping, "answer": lambda _: True}

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=64, null=True, blank=True, unique=True)
    """The digest of what is asked, which is asked once at a time; empty: of a question
    that is asked only once.
    """
    input = models.JSONField(default=dict)
    file = models.BinaryField(null=True)
    """What was sent along: gone once it is answered."""
    is_own = models.BooleanField(default=False)
    """Whether nobody else may read the answer."""
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    times_asked = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField(null=True)
    seconds = models.PositiveSmallIntegerField(null=True)
    """The most that one message takes; empty: as many as any task."""
    expires_at = models.DateTimeField(null=True, db_index=True)
    """Until then a worker may answer, and whoever may reads the answer."""
    answered_at = models.DateTimeField(null=True)
    answer = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    """Or, until then, how far it is."""
    message = models.TextField(blank=True)
    """Why there is no answer; empty where there is one."""
    hint = models.TextField(blank=True)

    objects = QuestionQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.kind} {self.input}"

    def get_absolute_url(self) -> str:
        """Where a person waits for it: the page is called as the kind is."""
        return reverse(f"accounts:{self.kind}", args=[self.key or self.pk])

    @property
    def most_seconds(self) -> int | None:
        return self.seconds

    @property
    def person(self) -> Any:
        """Who asked, of what is answered to nobody else, or for whom a role was."""
        assert self.asked_by
        return self.asked_by

    @property
    def content(self) -> bytes:
        return bytes(self.file or b"")

    def read(self, column: str, schema: type[S]) -> S:
        """Return what the column says, which is JSON; raise Unreadable where it isn't
        as the schema has it.
        """
        value = getattr(self, column)
        try:
            return schema.model_validate(value or {}, strict=True)
        except ValidationError as error:
            raise Unreadable(self, column, value) from error

    @property
    def waits(self) -> bool:
        return self.answered_at is None

    @property
    def refused(self) -> bool:
        return bool(self.message)

    @property
    def why(self) -> str:
        """Say why there is no answer, and what to do; empty where there is one."""
        return f"{self.message} {self.hint}".strip()


class SearchedAccount(models.Model):
    """An account that is searched, with why it could not be."""

    search = models.ForeignKey(
        Question, on_delete=models.CASCADE, related_name="accounts"
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
        Question, on_delete=models.CASCADE, related_name="clusters"
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
