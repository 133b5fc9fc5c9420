"""Notices: what happened, whom it concerns, and where the notices of a team go."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from accounts.models.account import Readable, is_texts
from accounts.models.lease import Durable, DurableQuerySet
from accounts.models.organization import Organization
from accounts.models.people import Activity, CreatedBy, Kind
from accounts.models.runs import Rollout, Run
from onboarding.delivery.connection import LONGEST


class TargetQuerySet(models.QuerySet["Target"]):
    def wanting(self, kind: Kind, environments: set[str]) -> list[Target]:
        """List those that are to hear of something in these environments."""
        active = self.filter(paused_at=None).order_by("created_at")
        return [one for one in active if one.wants(kind, environments)]


class Target(CreatedBy, Readable):
    """A channel of a team's, and which notices it receives."""

    READS = {"kinds": is_texts, "environments": is_texts}

    class Channel(models.TextChoices):
        SLACK = "slack", "Slack"
        TEAMS = "teams", "Microsoft Teams"
        WEBHOOK = "webhook", "Signed webhook"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=60, unique=True)
    channel = models.CharField(max_length=10, choices=Channel)
    place = models.CharField(max_length=LONGEST)
    """A webhook's URL; of other channels, where the secret URL is read from:
    `env:NAME` or `file:/PATH`.
    """
    kinds = models.JSONField(default=list)
    environments = models.JSONField(default=list, blank=True)
    """Empty: all; an empty text is “no environment”."""
    rotation = models.PositiveIntegerField(default=1, editable=False)
    """Counts a webhook's secrets for signing; see notify/channels.py."""
    created_at = models.DateTimeField(auto_now_add=True)
    paused_at = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)
    """When it last took a notice."""
    failed_at = models.DateTimeField(null=True, editable=False)
    failure = models.CharField(max_length=300, blank=True, editable=False)
    """Why it last did not."""

    objects = TargetQuerySet.as_manager()

    class Meta:
        verbose_name = "target of notifications"
        verbose_name_plural = "targets of notifications"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("accounts:target", args=[self.pk])

    def wants(self, kind: Kind, environments: set[str]) -> bool:
        """Return whether it is to hear of this kind; about no environment at all, every
        target that wants the kind hears.
        """
        chosen = set(self.environments)
        if kind not in self.kinds:
            return False
        return not chosen or not environments or bool(chosen & environments)

    @property
    def is_failing(self) -> bool:
        """Return whether the last attempt failed."""
        if self.failed_at is None:
            return False
        return self.sent_at is None or self.failed_at > self.sent_at

    @property
    def kind_names(self) -> list[str]:
        return [kind.label for kind in Kind if kind in self.kinds]


class Digest(models.Model):
    """What happened of one kind, in one notice."""

    what = models.CharField(max_length=20)
    day = models.DateField(null=True)
    """Of what is said once a day only."""
    since = models.DateTimeField(null=True)
    """What became so after this is part of it."""
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["what", "day"], name="digest_of_a_day")
        ]
        indexes = [models.Index(fields=["what", "created_at"], name="digest_newest")]

    def __str__(self) -> str:
        return f"{self.what} of {self.created_at:%-d %b %Y, %H:%M} UTC"


class Happened(models.Model):
    """Written in the transaction of what happened."""

    what = models.CharField(max_length=20)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")
    environment = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField(db_default=Now())
    digest = models.ForeignKey(
        Digest, on_delete=models.CASCADE, null=True, related_name="happened"
    )
    """Empty: no notice says it yet."""

    class Meta:
        verbose_name_plural = "what happened"
        indexes = [
            models.Index(
                fields=["what", "at"],
                condition=models.Q(digest=None),
                name="happened_untold",
            )
        ]

    def __str__(self) -> str:
        return f"{self.what}: {self.run_id}"


CURRENT = timedelta(days=1)
"""Nobody wants to hear of what is older: it is not sent."""

KEPT = timedelta(days=7)


class NotificationQuerySet(DurableQuerySet["Notification"]):
    def due(self) -> NotificationQuerySet:
        return self.filter(
            done_at=None, due_at__lte=Now(), created_at__gt=Now() - CURRENT
        ).order_by("due_at")

    def expired(self) -> NotificationQuerySet:
        return self.filter(created_at__lte=Now() - KEPT)


class Notification(Durable):
    """That something happened which one person, or one target, should know.

    It is written in the transaction of what happened. What it says is read when it is
    sent: accounts/notify/texts.py.
    """

    class What(models.TextChoices):
        ENDED = "ended", "a rollout ended"
        PAUSED = "paused", "a rollout paused"
        WAITS = "waits", "a rollout waits for approval"
        NEW_ACCOUNTS = "new accounts", "new accounts in watched units"
        PLANS = "plans", "plans of single runs wait for approval"
        FAILED = "failed", "single runs failed"
        DRIFTED = "drifted", "verifications found something worse"
        FOUND = "found", "verifications found policies of others"
        STALE = "stale", "verifications became stale"
        SITE = "site", "something needs attention"
        TEST = "test", "a test of the target"
        OWN = "own", "something changed about the person's own account"

    SECONDS = 100
    KINDS = {
        What.ENDED: Kind.ENDED,
        What.PAUSED: Kind.FAILED,
        What.WAITS: Kind.WAITS,
        What.NEW_ACCOUNTS: Kind.NEW_ACCOUNTS,
        What.PLANS: Kind.WAITS,
        What.FAILED: Kind.FAILED,
        What.DRIFTED: Kind.DRIFTED,
        What.FOUND: Kind.DRIFTED,
        What.STALE: Kind.STALE,
        What.SITE: Kind.SITE,
    }
    TYPES = {
        What.ENDED: "rollout.ended",
        What.PAUSED: "rollout.paused",
        What.WAITS: "rollout.waits",
        What.NEW_ACCOUNTS: "accounts.new",
        What.PLANS: "runs.waiting",
        What.FAILED: "runs.failed",
        What.DRIFTED: "accounts.drifted",
        What.FOUND: "accounts.found",
        What.STALE: "verifications.stale",
        What.SITE: "site.attention",
        What.TEST: "test",
    }
    """What webhooks call them: programs depend on it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    """Also the id of the message: a second copy of it is recognized."""
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
    )
    target = models.ForeignKey(
        Target, on_delete=models.CASCADE, null=True, related_name="+"
    )
    what = models.CharField(max_length=20, choices=What)
    rollout = models.ForeignKey(
        Rollout, on_delete=models.CASCADE, null=True, related_name="+"
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, null=True, related_name="+"
    )
    digest = models.ForeignKey(
        Digest, on_delete=models.CASCADE, null=True, related_name="+"
    )
    entry = models.ForeignKey(
        Activity, on_delete=models.CASCADE, null=True, related_name="+"
    )
    """What was changed of the person's own account."""
    reading = models.PositiveIntegerField(default=0)
    """The reading of the organization that found the accounts."""
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    tries = models.PositiveSmallIntegerField(default=0)
    """How often a worker began to send it."""
    done_at = models.DateTimeField(null=True)
    """When it was sent, or given up, or there was nothing to send."""

    objects = NotificationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(rollout=None, organization__isnull=False, digest=None)
                | Q(rollout__isnull=False, organization=None, digest=None)
                | Q(rollout=None, organization=None, digest__isnull=False)
                | Q(what__in=["test", "own"], rollout=None, organization=None)
                & Q(digest=None),
                name="notice_about_one",
            ),
            models.CheckConstraint(
                condition=Q(what="own", entry__isnull=False, person__isnull=False)
                | ~Q(what="own") & Q(entry=None),
                name="notice_own_of_entry",
            ),
            models.CheckConstraint(
                condition=Q(person=None, target__isnull=False)
                | Q(person__isnull=False, target=None),
                name="notice_for_one",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(done_at=None), name="notice_due"
            )
        ]

    def __str__(self) -> str:
        if self.what == self.What.TEST:
            return f"the test of {self.target}"
        return f"{self.rollout or self.organization or self.digest or self.entry}"

    @property
    def is_scheduled(self) -> bool:
        """Let no run wait behind a slow mail server, but who looks at a test, and what
        may say that the schedule's workers are silent.
        """
        return self.what not in (self.What.TEST, self.What.SITE)

    @property
    def recipient(self) -> str:
        return self.person.get_username() if self.person else str(self.target)

    @property
    def type(self) -> str:
        return f"bowline.{self.TYPES[self.What(self.what)]}"

    @property
    def kind(self) -> Kind:
        return self.KINDS[self.What(self.what)]
