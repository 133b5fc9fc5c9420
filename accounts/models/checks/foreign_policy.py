"""A policy on a role that Bowline vouches for, which nobody approved here.

It is listed as long as it is in AWS, and accepted by name or removed by a plan.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any, Self
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models.activity import name_of, person_key
from accounts.models.managed import ManagedAccount
from accounts.models.readable import Readable, is_texts

WRITES = "unknown writes"
"""The kind of a row that is no policy, but what a verification could not find out."""

PASSED = "passed "
"""Begins the kind of what is on a role that Spinnaker may only pass."""

WIDE = tuple(f"account__{one}" for one in ("applied", "approved_entries", "verified"))
"""Columns that nothing here reads."""


class ForeignPolicyQuerySet(models.QuerySet["ForeignPolicy"]):
    def of(self, account: ManagedAccount | UUID | None) -> Self:
        """Keep what was found in this account; None: in the managing account."""
        return self.filter(account=account)

    def accepted(self) -> Self:
        """Keep what somebody accepted, until the day that was said."""
        return self.exclude(accepted_at=None).filter(until__gte=today())

    def unaccepted(self) -> Self:
        """Keep what nobody accepted, asked for or not."""
        past = Q(until=None) | Q(until__lt=today())
        return self.filter(Q(accepted_at=None) | past)

    def unaccepted_writes(self) -> Self:
        return self.unaccepted().filter(kind=WRITES)

    def passed(self) -> Self:
        """Keep what is on roles that Spinnaker may only pass."""
        return self.filter(kind__startswith=PASSED)

    def held(self) -> Self:
        """Keep policies of the roles that Bowline vouches for."""
        return self.exclude(kind=WRITES).exclude(kind__startswith=PASSED)

    def asked(self) -> Self:
        """Keep what somebody asks to accept, and nobody accepted yet."""
        return self.filter(accepted_at=None, until__gte=today())

    def open(self) -> Self:
        """Keep what nobody accepted, or asks to."""
        return self.filter(Q(until=None) | Q(until__lt=today()))

    def in_accounts(self, accounts: models.QuerySet[ManagedAccount]) -> Self:
        """Keep what was found in these accounts."""
        return self.filter(account__in=accounts.order_by().values("pk"))

    def alike(self, alike: str) -> Self:
        """Keep the same policy on the same role of managed accounts, by their names."""
        found = self.exclude(account=None).filter(alike=alike)
        found = found.select_related("account", "asked_by").defer(*WIDE)
        return found.order_by("account__name", "pk")

    def ask(self, by: Any, reason: str, until: date) -> int:
        """Somebody asks to accept them; what was accepted before ends."""
        return self.update(
            reason=reason,
            until=until,
            asked_by=by,
            asked_by_name=name_of(by),
            accepted_by_name="",
            accepted_at=None,
        )

    def accept(self, by: Any) -> int:
        """Somebody takes responsibility for them, until the day that was asked for."""
        return self.update(accepted_by_name=name_of(by), accepted_at=timezone.now())

    def end(self) -> int:
        """They count as not approved again, and nobody asks for it."""
        return self.update(reason="", until=None, accepted_by_name="", accepted_at=None)


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
    """Whether it is attached to the role or inside it, which may be one that is only
    passed; or WRITES.
    """
    policy_arn = models.TextField(blank=True)
    document = models.JSONField(null=True, blank=True)
    """None: Bowline may not read it."""
    effects = models.JSONField(default=list)
    """What it lets the role do that is read first, in sentences."""
    digest = models.CharField(max_length=64)
    """Of the policy and its document: with another one it is not accepted."""
    alike = models.CharField(max_length=64, db_index=True)
    """The same for the same policy on the same role of other accounts."""
    removable = models.BooleanField(default=True)
    """Whether a plan removes it; else its role is somebody else's, too."""
    found_at = models.DateTimeField()
    reason = models.TextField(blank=True)
    """Why it may stay, as somebody asked; empty: nobody did."""
    until = models.DateField(null=True, blank=True)
    """The last day on which it may."""
    asked_by = person_key(editable=False)
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
    def is_writes(self) -> bool:
        return self.kind == WRITES

    @property
    def is_passed(self) -> bool:
        """Return whether its role is only passed to what Spinnaker deploys: no plan and
        no step changes it.
        """
        return is_passed(self.kind)

    @property
    def is_attached(self) -> bool:
        return self.kind.removeprefix(PASSED) == "attachment"

    @property
    def held(self) -> str:
        """Say where it is, before the name of its role."""
        if self.is_writes:
            return "Not known of role"
        return "Attached to role" if self.is_attached else "Inside role"

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
        return self.digest_asked(self.digest)

    @property
    def asked_alike(self) -> str:
        """Identify what somebody asks about it in several accounts at once."""
        return self.digest_asked(self.alike)

    def digest_asked(self, about: str) -> str:
        asked = [about, self.asked_by_name, self.reason, f"{self.until}"]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()

    @property
    def is_accepted(self) -> bool:
        return self.accepted_at is not None and self.is_asked

    @property
    def is_open(self) -> bool:
        """Return whether nobody accepted it, or asks to."""
        return not self.is_asked

    @property
    def waits(self) -> bool:
        """Return whether somebody asks to accept it, and nobody did yet."""
        return self.is_asked and self.accepted_at is None

    @property
    def is_asked(self) -> bool:
        """Return whether somebody asked to accept it, for a day that is to come."""
        return self.until is not None and self.until >= today()


def is_passed(kind: str) -> bool:
    return kind.startswith(PASSED)


def today() -> date:
    return timezone.now().date()
