"""A policy on a role that Bowline vouches for, which nobody approved here.

It is listed as long as it is in AWS, and accepted by name or removed by a plan.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from accounts.models.managed import ManagedAccount
from accounts.models.readable import Readable, is_texts


class ForeignPolicyQuerySet(models.QuerySet["ForeignPolicy"]):
    def of(self, account: ManagedAccount | UUID | None) -> Self:
        """Keep what was found in this account; None: in the managing account."""
        return self.filter(account=account)

    def accepted(self) -> Self:
        """Keep what somebody accepted, until the day that was said."""
        return self.exclude(accepted_at=None).filter(until__gte=today())


class ForeignPolicy(Readable):
    READS = {"effects": is_texts}

    account = models.ForeignKey(
        ManagedAccount,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        editable=False,
        related_name="foreign_policies",
    )
    """None: it is in the managing account."""
    role = models.CharField(max_length=64)
    policy = models.CharField(max_length=128)
    kind = models.CharField(max_length=20)
    """Whether it is attached to the role or inside it."""
    policy_arn = models.TextField(blank=True)
    document = models.JSONField(null=True, blank=True)
    """None: Bowline may not read it."""
    effects = models.JSONField(default=list)
    """What it lets the role do that is read first, in sentences."""
    digest = models.CharField(max_length=64)
    """Of the policy and its document: with another one it is not accepted."""
    removable = models.BooleanField(default=True)
    """Whether a plan removes it; else its role is somebody else's, too."""
    found_at = models.DateTimeField()
    reason = models.TextField(blank=True)
    """Why it may stay, as somebody asked; empty: nobody did."""
    until = models.DateField(null=True, blank=True)
    """The last day on which it may."""
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    asked_by_name = models.CharField(max_length=150, blank=True, editable=False)
    accepted_by_name = models.CharField(max_length=150, blank=True, editable=False)
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ForeignPolicyQuerySet.as_manager()

    class Meta:
        ordering = ["account__name", "role", "policy"]
        verbose_name_plural = "foreign policies"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "digest"], name="foreign_policy_once"
            ),
            models.UniqueConstraint(
                fields=["digest"],
                condition=models.Q(account=None),
                name="foreign_policy_once_in_managing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy} on role {self.role}"

    def get_absolute_url(self) -> str:
        return reverse("accounts:foreign-policy", args=[self.pk])

    @property
    def place(self) -> str:
        return self.account.name if self.account else "the managing account"

    @property
    def state(self) -> str:
        """Return the word of its badge."""
        if self.is_accepted:
            return "accepted"
        return "asked for" if self.is_asked else "not approved"

    @property
    def asked_digest(self) -> str:
        """Identify what was asked: whoever accepts it has read exactly this."""
        asked = [self.digest, self.asked_by_name, self.reason, f"{self.until}"]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()

    @property
    def is_accepted(self) -> bool:
        return self.accepted_at is not None and self.is_asked

    @property
    def is_asked(self) -> bool:
        """Return whether somebody asked to accept it, for a day that is to come."""
        return self.until is not None and self.until >= today()


def today() -> date:
    return timezone.now().date()
