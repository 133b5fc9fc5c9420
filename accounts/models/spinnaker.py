"""What Spinnaker has: bundles, the connection with a running one, and
deliveries to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import models
from django.db.models import Count, F, Max, Q
from django.db.models.functions import Lower, Now
from django.urls import reverse

from accounts.models.account import (
    Readable,
    is_mapping,
    is_mappings,
    is_one_of,
    is_texts,
)
from accounts.models.lease import Carried, CarriedQuerySet
from accounts.models.managed import ManagedAccount
from accounts.models.people import CreatedBy, Job, JobQuerySet, person_key
from onboarding.carried.table import KINDS, SECRET
from onboarding.delivery.bodies import Body, comparable, noticed
from onboarding.delivery.connection import LONGEST, SignInBy
from onboarding.delivery.loading import ASK_EVERY, PERIOD
from onboarding.delivery.verdicts import Owned, Step, StepKey, Verb
from onboarding.spinnaker.bundle.contents import Revision
from onboarding.spinnaker.bundle.limits import Load


class SpinnakerName(models.Model):
    """An account name in Spinnaker: unique over all providers of all accounts."""

    name = models.CharField(max_length=60, primary_key=True)
    account = models.ForeignKey(
        "ManagedAccount", on_delete=models.CASCADE, related_name="spinnaker_names"
    )

    class Meta:
        verbose_name = "Spinnaker account name"
        constraints = [
            models.UniqueConstraint(Lower("name"), name="spinnaker_name_in_any_case")
        ]

    def __str__(self) -> str:
        return self.name


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
    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of its files, by path."""
        return {file["path"]: file["sha256"] for file in self.files}

    @property
    def revision(self) -> Revision:
        """Read out of its zip what it is compared by."""
        return Revision.zipped(self.number, self.archive, self.digests)

    @property
    def filename(self) -> str:
        return f"bowline-{self.number}-{self.created_at:%Y-%m-%d}.zip"


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


class DeliveredAccountQuerySet(models.QuerySet["DeliveredAccount"]):
    def owned(self) -> DeliveredAccountQuerySet:
        """Keep those that are in Spinnaker, may be, or are still loaded there."""
        return self.filter(forgotten=False)

    def by_name(self, names: Iterable[str] | None = None) -> dict[str, Owned]:
        """Return the list as plans are made of it."""
        rows = self.owned()
        if names is not None:
            rows = rows.filter(name__in=names)
        columns = rows.values_list("name", "type", "sent", "sending", "leaving")
        return {one[0]: Owned(*one) for one in columns.iterator()}

    def seen_loaded(self, names: Iterable[str], at: datetime) -> int:
        """They are loaded as they were sent; since then, where they were before."""
        new = self.filter(name__in=names, loaded_at=None)
        return new.update(loaded_at=at, gone_at=None)

    def seen_gone(self, names: Iterable[str], at: datetime) -> int:
        """Nothing of these names is loaded; since then, where that was so before."""
        new = self.filter(name__in=names, gone_at=None)
        return new.update(gone_at=at, loaded_at=None)

    def not_seen(self, names: Iterable[str]) -> int:
        """Neither holds: what counted so far starts again."""
        return self.filter(name__in=names).update(loaded_at=None, gone_at=None)

    def made_at(self, name: str) -> datetime | None:
        """Say when it was made, where it was: Spinnaker may still refuse its maker."""
        made = self.filter(name=name).exclude(sent="").values_list("made_at", flat=True)
        return made.first()

    def forget(self, names: Iterable[str]) -> int:
        """Spinnaker neither stores them nor has them loaded: they are Bowline's no
        more. The rows stay, because they say that Spinnaker forgot them, too.
        """
        return self.filter(name__in=names).update(forgotten=True)


class DeliveredAccount(models.Model):
    """An account that Bowline made or took over in Spinnaker. It is kept before
    anything is sent: see `Owned`.
    """

    name = models.CharField(max_length=63, primary_key=True)
    type = models.CharField(max_length=10)
    sent = models.CharField(max_length=64, blank=True)
    """The digest of what Spinnaker stored last; empty: nothing, or it was deleted."""
    sending = models.CharField(max_length=64, blank=True)
    """The digest of what may be sent at this moment."""
    leaving = models.BooleanField(default=False)
    forgotten = models.BooleanField(default=False)
    """It was deleted, and unloaded: what has this name now is somebody else's."""
    account_id = models.CharField(max_length=12, blank=True)
    """Of AWS, and the external ID: as they were sent last. Of `aws` accounts only."""
    external_id = models.CharField(max_length=1224, blank=True)
    made_at = models.DateTimeField(null=True)
    """When Bowline first sent it, since it was not there or was deleted."""
    sent_at = models.DateTimeField()
    """When Spinnaker was last asked to store or to delete it."""
    loaded_at = models.DateTimeField(null=True)
    """Since when Spinnaker is seen to have it loaded, as it was sent."""
    gone_at = models.DateTimeField(null=True)
    """Since when Spinnaker is seen not to have it loaded."""

    objects = DeliveredAccountQuerySet.as_manager()

    class Meta:
        verbose_name = "delivered account"
        ordering = ["name"]
        indexes = [models.Index(fields=["account_id"], name="delivered_account_id")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_gone(self) -> bool:
        """Return whether it was deleted, and seen to be loaded no more."""
        return self.forgotten or (self.leaving and self.gone_at is not None)


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
