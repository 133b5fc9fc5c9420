"""The connection with a running Spinnaker: one row, and never a secret in it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models.readable import Readable, is_mappings
from onboarding.delivery.connection import LONGEST, SignInBy
from onboarding.delivery.loading import PERIOD


class Spinnaker(Readable):
    """The one Spinnaker that accounts are delivered to."""

    READS = {"result": lambda value: value is None or is_mappings(value)}

    class SignIn(models.TextChoices):
        TOKEN = SignInBy.TOKEN.value, "An API token"
        CERTIFICATE = SignInBy.CERTIFICATE.value, "A client certificate"
        BASIC = SignInBy.BASIC.value, "A username and a password"
        NONE = SignInBy.NONE.value, "None: Gate allows everyone"

    only = models.BooleanField(default=True, editable=False)
    url = models.CharField(max_length=LONGEST)
    """Gate's base URL."""
    release = models.CharField(max_length=20)
    sign_in = models.CharField(max_length=12, choices=SignIn, default=SignIn.TOKEN)
    username = models.CharField(max_length=LONGEST, blank=True)
    secret = models.CharField(max_length=LONGEST, blank=True)
    """Where the token or the password is read from: `env:NAME` or `file:/PATH`."""
    certificate = models.CharField(max_length=LONGEST, blank=True)
    key = models.CharField(max_length=LONGEST, blank=True)
    authorities = models.CharField(max_length=LONGEST, blank=True)
    poll_seconds = models.PositiveSmallIntegerField(default=int(PERIOD))
    """Clouddriver's poll period."""
    version = models.PositiveIntegerField(default=1, editable=False)
    """Counts edits: a test of an earlier version says nothing of this one."""
    tested_at = models.DateTimeField(null=True, editable=False)
    result = models.JSONField(null=True, editable=False)
    """What the last test of this version found; see accounts/spinnaker/testing.py."""
    authors = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, editable=False, related_name="+"
    )
    """Who edited it since a delivery through it was approved."""

    class Meta:
        verbose_name = "connection with Spinnaker"
        constraints = [
            models.CheckConstraint(condition=Q(only=True), name="spinnaker_only_true"),
            models.UniqueConstraint(fields=["only"], name="one_spinnaker"),
        ]

    def __str__(self) -> str:
        return self.url
