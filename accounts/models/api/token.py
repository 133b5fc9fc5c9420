"""Tokens of the API: each acts as its person, within its scopes."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from accounts.models.readable import Readable
from accounts.models.tokens.issued import IssuedToken, IssuedTokenQuerySet


class Scope(models.TextChoices):
    READ = "read", "Read: accounts, runs, bundles, and activity"
    OPERATE = (
        "operate",
        "Operate: add, plan, and verify accounts, build bundles, and deliver",
    )
    APPROVE = "approve", "Approve: approve and discard plans"


def are_scopes(value: Any) -> bool:
    return isinstance(value, list) and all(one in Scope.values for one in value)


class ApiTokenQuerySet(IssuedTokenQuerySet["ApiToken"]):
    pass


class ApiToken(IssuedToken, Readable):
    """A text with which programs act as a person."""

    READS = {"scopes": are_scopes}

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # people are deactivated, never deleted
        related_name="+",
        editable=False,
    )
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "API token"
        ordering = ["-created_at"]
