"""Deliveries to a running Spinnaker, and their steps: what is sent, and loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Count, F, Max, Q
from django.db.models.functions import Now
from django.urls import reverse

from accounts.models.people.decided import Job, JobQuerySet
from accounts.models.readable import (
    Readable,
    is_mappings,
    is_one_of,
    is_texts,
)
from accounts.models.spinnaker.delivered import DeliveredAccount
from onboarding.carried.table import KINDS, SECRET
from onboarding.delivery.bodies import Body, comparable, noticed
from onboarding.delivery.loading import ASK_EVERY
from onboarding.delivery.verdicts import Step, StepKey, Verb

THE_ONE = 1


def is_left_alone(value: Any) -> bool:
    """Return whether it lists accounts, each with a reason."""
    return is_mappings(value) and all(
        isinstance(one.get(name), str)
        for one in value
        for name in ("name", "type", "why", "sentence")
    )


class DeliveryQuerySet(JobQuerySet["Delivery"]):
    def open(self) -> DeliveryQuerySet:
        return self.filter(status__in=Delivery.OPEN)

    def due(self) -> DeliveryQuerySet:
        now = Q(look_at=None) | Q(look_at__lte=Now())
        return self.filter(now, status__in=Delivery.WORKING)

    def light(self) -> DeliveryQuerySet:
        """Leave in the database what only a delivery's own page reads."""
        return self.defer("left", "warnings")

    def next_number(self) -> int:
        highest: int | None = self.aggregate(highest=Max("number"))["highest"]
        return (highest or 0) + 1


class Delivery(Job, Readable):
    """One job on Spinnaker: plan, approve, send, watch until it is loaded."""

    class Status(models.TextChoices):
        PLANNING = "planning"
        PLANNED = "planned"
        """It waits for approval."""
        DELIVERING = "delivering"
        """It was approved; something is still to be sent."""
        WATCHING = "watching"
        """Everything was sent; not everything is loaded."""
        LOADED = "loaded"
        FAILED = "failed"
        DISCARDED = "discarded"
        OUTDATED = "outdated"

    WORKING = (Status.PLANNING, Status.DELIVERING, Status.WATCHING)
    OPEN = (*WORKING, Status.PLANNED)
    UNSUCCESSFUL = (Status.FAILED, Status.OUTDATED)
    READS = {
        "agreed": is_texts,
        "left": is_left_alone,
        "warnings": is_texts,
        "environments": is_texts,
    }

    number = models.PositiveIntegerField(primary_key=True)
    spinnaker = models.PositiveSmallIntegerField(default=THE_ONE, editable=False)
    """There is one, so one delivery at a time."""
    connection_version = models.PositiveIntegerField(default=0, editable=False)
    """Of the connection that it was planned with: its approval is about that one."""
    status = models.CharField(max_length=10, choices=Status, default=Status.PLANNING)
    agreed = models.JSONField(default=list, editable=False)
    """Names that a person lets Bowline take over, overwrite or send again."""
    left = models.JSONField(default=list, editable=False)
    """[{name, type, why, sentence}] of each account that is left alone."""
    warnings = models.JSONField(default=list, editable=False)
    environments = models.JSONField(default=list, editable=False)
    """Of the accounts that it changes: their policies say who may approve."""
    second = models.CharField(max_length=100, blank=True, editable=False)
    """Where they asked for a second person when it was planned; empty: nowhere."""
    counts = models.JSONField(default=dict, editable=False)
    """{verb: how many accounts}; and `unchanged`."""
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    """Of the steps; a person approves what has it."""
    began_at = models.DateTimeField(null=True, editable=False)
    """When the approved plan was compared with Spinnaker, before the first step."""
    progressed_at = models.DateTimeField(null=True, editable=False)
    """When something was last sent, or seen to be loaded or unloaded."""
    unreachable_since = models.DateTimeField(null=True, editable=False)
    """Since when Gate gives no answer that can be used; empty: it does."""
    look_at = models.DateTimeField(null=True, editable=False)
    """Not before this is there anything to do."""

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-number"]
        indexes = [models.Index(fields=["status"], name="delivery_status")]
        constraints = [
            models.UniqueConstraint(
                fields=["spinnaker"],
                condition=Q(
                    status__in=["planning", "delivering", "watching", "planned"]
                ),
                name="one_open_delivery",
                violation_error_message="Another delivery is open.",
            )
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("accounts:delivery", args=[self.number])

    @property
    def digest(self) -> str:
        """As much of the fingerprint as a person names on the command line."""
        return self.fingerprint[:12]

    @property
    def overwritten(self) -> list[str]:
        """Name the accounts of others that change: those that are equal stay."""
        if not (agreed := {*self.agreed}):
            return []
        changed = self.steps.exclude(before="").exclude(after=F("before"), renews=False)
        return [
            name for name in changed.values_list("name", flat=True) if name in agreed
        ]

    @property
    def progress(self) -> Progress:
        """Count its steps: one query."""
        return Progress(
            **self.steps.aggregate(
                steps=Count("pk"),
                sent=Count("sent_at"),
                seen=Count("seen_at"),
                failed=Count("pk", filter=~Q(error="")),
                equal=Count("pk", filter=Q(after=F("before"), renews=False)),
            )
        )

    def carry(self, to: str, **changes: Any) -> None:
        super().carry(to, **{"look_at": None, **changes})

    def put_down(self, waiting: str, now: datetime, **changes: Any) -> None:
        """Leave it to other work until Spinnaker is asked again, and say why."""
        until = now + timedelta(seconds=ASK_EVERY)
        self.write(waiting=waiting[:200], look_at=until, **changes)


class Progress(NamedTuple):
    """How many steps there are, were sent, were seen loaded or gone, and failed; and
    of how many nothing is sent, because the account is equal.
    """

    steps: int
    sent: int
    seen: int
    failed: int
    equal: int

    @property
    def changes(self) -> int:
        return self.steps - self.equal


class DeliveryStepQuerySet(models.QuerySet["DeliveryStep"]):
    def unsent(self) -> DeliveryStepQuerySet:
        return self.filter(sent_at=None, error="")

    def deleted(self) -> DeliveryStepQuerySet:
        """Keep those that store an account which Bowline deleted before."""
        deleted = DeliveredAccount.objects.filter(leaving=True).values("name")
        return self.unsent().exclude(after="").filter(name__in=deleted)

    def unseen(self) -> DeliveryStepQuerySet:
        """Keep those that were sent, and whose account is not seen so yet."""
        return self.filter(sent_at__isnull=False, seen_at=None, error="")

    def light(self) -> DeliveryStepQuerySet:
        """Leave in the database what only the plan's page and watching read."""
        return self.defer("document", "was")


class Difference(NamedTuple):
    """A field of an account before and after, as JSON; None: it has no such field."""

    field: str
    before: str | None
    after: str | None


class DeliveryStep(Readable):
    """One account that is saved or deleted, and how far that is."""

    READS = {
        "type": is_one_of(KINDS),
        "after_gone": is_texts,
        "after_loaded": is_texts,
        "causes": is_texts,
    }
    VERBS = [(verb.value, verb.value) for verb in Verb]

    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="steps"
    )
    position = models.PositiveIntegerField()
    verb = models.CharField(max_length=10, choices=VERBS)
    type = models.CharField(max_length=10)
    name = models.CharField(max_length=63)
    before = models.CharField(max_length=64, blank=True)
    """The digest of what is stored; empty: nothing is."""
    after = models.CharField(max_length=64, blank=True)
    """The digest of what is stored afterwards; empty: it is deleted."""
    renews = models.BooleanField(default=False)
    """It is stored in place, then deleted, and stored again once it is gone."""
    document = models.JSONField(default=dict)
    """What is sent, a kubeconfig as its digest."""
    was = models.JSONField(default=dict)
    """What is stored: each compared field as JSON, a kubeconfig as its digest."""
    after_gone = models.JSONField(default=list)
    after_loaded = models.JSONField(default=list)
    sent_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    """When Spinnaker was seen to have loaded it as it was sent, or unloaded it."""
    error = models.TextField(blank=True)
    """Why it was not sent, or not stored as it was."""
    causes = models.JSONField(default=list)
    """What was seen instead, and what to do next; once it took too long."""

    objects = DeliveryStepQuerySet.as_manager()

    class Meta:
        verbose_name = "delivery step"
        ordering = ["delivery", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["delivery", "position"], name="delivery_step_position"
            )
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.name}"

    @classmethod
    def of(
        cls, delivery: Delivery, position: int, step: Step, was: Mapping[str, str]
    ) -> DeliveryStep:
        """Make the row of a planned step."""
        document = dict(step.body.document) if step.body else {}
        if step.body and SECRET in document:
            document[SECRET] = json.loads(step.body.fields[SECRET])
        return cls(
            delivery=delivery,
            position=position,
            verb=step.verb,
            type=step.type,
            name=step.name,
            before=step.before,
            after=step.key.after,
            renews=step.renews,
            document=document,
            was=dict(was),
            after_gone=list(dict.fromkeys(step.after_gone)),
            after_loaded=list(dict.fromkeys(step.after_loaded)),
        )

    @property
    def deletes(self) -> bool:
        return not self.after

    @property
    def is_equal(self) -> bool:
        """Whether Spinnaker has it as wanted, so that nothing is sent."""
        return self.after == self.before and not self.renews

    @property
    def key(self) -> StepKey:
        return StepKey(Verb(self.verb), self.type, self.name, self.before, self.after)

    def planned(self, body: Body | None = None) -> Step:
        """Return the step as it was planned; without a body, what it waits for."""
        return Step(
            Verb(self.verb),
            self.type,
            self.name,
            body,
            self.before,
            equal=self.is_equal,
            renews=self.renews,
            after_gone=tuple(self.after_gone),
            after_loaded=tuple(self.after_loaded),
        )

    @property
    def changes_nothing(self) -> bool:
        """Whether a running Clouddriver has no reason to load what was sent: it was
        stored already, and differs in nothing that is noticed.
        """
        if self.is_equal:
            return True
        if self.deletes or self.renews or not self.was:
            return False
        return not noticed(self.type, self.name, self.was, self.becomes)

    @property
    def body(self) -> Body:
        """The account as it is watched: without a kubeconfig."""
        return Body(self.type, self.name, self.document)

    @property
    def becomes(self) -> dict[str, str]:
        """What is sent: each compared field as JSON, a kubeconfig as its digest."""
        fields = dict(comparable(self.type, self.document)) if self.document else {}
        if SECRET in fields:
            fields[SECRET] = json.dumps(self.document[SECRET])
        return fields

    @property
    def took(self) -> timedelta | None:
        """How long Spinnaker took to load or unload it."""
        return self.seen_at - self.sent_at if self.sent_at and self.seen_at else None

    @property
    def differences(self) -> list[Difference]:
        """List the fields that differ, for a diff."""
        if self.is_equal:
            return []
        becomes = self.becomes
        return [
            Difference(name, self.was.get(name), becomes.get(name))
            for name in sorted({*self.was, *becomes})
            if self.was.get(name) != becomes.get(name)
        ]
