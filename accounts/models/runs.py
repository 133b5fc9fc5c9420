"""Runs: the story of every change, step by step; and rollouts, which are many
accounts as one job.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, TypeAlias

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from accounts.models.account import (
    Account,
    Readable,
    fits,
    is_one_of,
    is_slug,
    is_texts,
)
from accounts.models.checks import Evidence, Findings, Found, Verifies, are_seconds
from accounts.models.lease import Carried, CarriedQuerySet, Leased, executed, stored
from accounts.models.managed import (
    ManagedAccount,
    ManagedAccountQuerySet,
    WaitsForOwner,
)
from accounts.models.managing import ManagingAccount, ManagingAccountQuerySet
from accounts.models.people import CreatedBy, Decided, Job, JobQuerySet
from accounts.models.states import (
    OPEN,
    UNSUCCESSFUL,
    WORKING,
    Status,
    log_states,
    move,
)
from onboarding.resources.plan import VERBS
from onboarding.resources.take_over import TakeOver, is_take_over
from onboarding.spinnaker.entries import are_sides
from onboarding.verify.result import Located


class RolloutQuerySet(CarriedQuerySet["Rollout"]):
    def due(self) -> RolloutQuerySet:
        """Keep those that have not ended: any may have something to start."""
        return self.exclude(state__in=Rollout.ENDED)


class Rollout(CreatedBy, Carried, Readable):
    """Many accounts as one job: planned at once, approved in groups, applied in waves.

    Its runs hold what happens; runs/rollouts/engine.py moves it.
    """

    class Kind(models.TextChoices):
        ONBOARD = "onboard", "Onboard"
        VERIFY = "verify", "Verify"
        REMOVE = "remove", "Remove from AWS"

    class State(models.TextChoices):
        PLANNING = "planning"
        PLANNED = "planned"
        """It waits for approvals."""
        APPLYING = "applying"
        VERIFYING = "verifying"
        """Of one that only verifies."""
        PAUSED = "paused"
        STOPPED = "stopped"
        FINISHED = "finished"

    class Pauses(models.TextChoices):
        """What failures keep it from starting more accounts."""

        BY_CAUSE = "cause"
        """Of few accounts, those that may concern others; of many, as the limits say.
        """
        AT_LIMITS = "limits"
        """What a person made the limits counts, of few accounts, too."""
        AT_NUMBER = "number"
        NEVER = "never"

    ENDED = (State.STOPPED, State.FINISHED)
    AT_ONCE = 50
    """Accounts in progress where nobody chose another number, and more where workers
    have threads for more: see census.py.
    """
    READS = {"excluded": is_texts, "take_over": is_take_over}

    number = models.AutoField(primary_key=True)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.ONBOARD)
    state = models.CharField(max_length=10, choices=State, default=State.PLANNING)
    first_wave = models.PositiveIntegerField(
        "first wave",
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
    )
    second_percent = models.PositiveIntegerField(
        "second wave, in percent",
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    at_once = models.PositiveIntegerField(
        "accounts at once",
        default=AT_ONCE,
        validators=[MinValueValidator(1), MaxValueValidator(1_000)],
    )
    most_failures = models.PositiveIntegerField(
        "pause when this many accounts fail",
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
    )
    failure_percent = models.PositiveIntegerField(
        "pause when this percentage of a wave fails",
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    pauses = models.CharField(
        max_length=10, choices=Pauses, default=Pauses.BY_CAUSE, editable=False
    )
    reason = models.CharField(max_length=200, blank=True, editable=False)
    """Why it is paused or stopped."""
    excluded = models.JSONField(default=list, editable=False)
    """Each text names an account that was chosen and could not be started, and why."""
    take_over = models.JSONField(default=dict, editable=False)
    """What its runs take over of roles that were there before Bowline; empty: nothing.
    """
    created_at = models.DateTimeField(auto_now_add=True)
    resumed_at = models.DateTimeField(null=True, editable=False)
    """Failures before this, by the database's clock, pause it no more."""
    finished_at = models.DateTimeField(null=True, editable=False)

    objects = RolloutQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        indexes = [models.Index(fields=["state"], name="rollout_state")]

    def __str__(self) -> str:
        return f"Rollout {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("accounts:rollout", args=[self.number])

    def move(self, to: State, **changes: Any) -> None:
        """Move on, in the transaction that locked it: nobody else does so meanwhile."""
        rows = Rollout.objects.filter(pk=self.pk)
        moved = move(rows, to, since=[self.state], **changes)
        assert moved, f"{self} wasn't locked"
        for name, value in {"state": to, **changes}.items():
            setattr(self, name, value)
        log_states([self])

    @property
    def has_ended(self) -> bool:
        return self.state in self.ENDED

    @property
    def has_waves(self) -> bool:
        """Return whether it changes AWS, the managing account first; a verification is
        started all at once.
        """
        return self.kind != self.Kind.VERIFY


class InRollout(models.Model):
    """What a run knows of the rollout that it is part of."""

    class Turn(models.IntegerChoices):
        FIRST = 0
        PRODUCTION = 1
        """Its environment says so, or asks for a second person."""
        LAST = 2
        """Its account failed the last time."""

    rollout = models.ForeignKey(
        Rollout,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        db_index=False,  # see run_of_rollout
        related_name="runs",
    )
    wave = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    """In which it began to change AWS, 1 to 3; empty: not yet, or it had nothing to."""
    turn = models.PositiveSmallIntegerField(
        choices=Turn, default=Turn.FIRST, editable=False
    )
    """When its account starts, among those that are approved: see order.py."""
    retried = models.BooleanField(default=False, editable=False)
    """Another run of the rollout took its place."""

    class Meta:
        abstract = True


QUEUE_PATIENCE = timedelta(seconds=45)
"""How long a message may wait in the queue before it is taken for lost."""


class RunNumber(models.Model):
    """Assigns the numbers of runs: the database gives each number once."""

    def __str__(self) -> str:
        return str(self.pk)


class RunQuerySet(JobQuerySet["Run"]):
    PATIENCE = QUEUE_PATIENCE

    def move(self, to: str, *, since: tuple[str, ...], **changes: Any) -> int:
        return super().move(to, since=since, moved_at=Now(), **changes)

    def bulk_create(self, objs: Iterable[Run], *args: Any, **options: Any) -> list[Run]:
        runs = list(objs)
        numbers = RunNumber.objects.bulk_create(RunNumber() for _ in runs)
        for run, number in zip(runs, numbers, strict=True):
            run.number = number.pk
        log_states(runs)
        return super().bulk_create(runs, *args, **options)

    def move_together(self, to: str, *, since: tuple[str, ...], **changes: Any) -> int:
        """Move these, which are found by their keys, and write a line for each."""
        moved = self.move(to, since=since, **changes)
        named = ("number", "kind", "account_name", "status", "take_over")
        log_states(self.filter(status=to).order_by("number").only(*named))
        return moved

    def due(self) -> RunQuerySet:
        return self.filter(status__in=WORKING).order_by("created_at")

    def up_to_date(self) -> RunQuerySet:
        """Keep those since whose start nobody edited what they are about.

        `Run.outdated_by` says the same of one run, in a sentence.
        """
        of_managing = Q(kind=Run.Kind.MANAGING)
        return self.filter(
            of_managing | Q(account__version=F("version")),
            managing_version__in=ManagingAccount.objects.values("version"),
        )

    def approvable(self) -> RunQuerySet:
        """Keep the plans that wait, and that no edit has outdated."""
        return self.up_to_date().filter(status=Status.PLANNED)

    def awaited(self) -> RunQuerySet:
        """Keep those whose owners it is time to look at."""
        return self.filter(status=Status.HANDED_OFF, look_at__lte=Now())

    def look_soon(self) -> int:
        """Let those that wait for owners be looked at now, and often for a while."""
        waiting, now = self.filter(status=Status.HANDED_OFF), timezone.now()
        return waiting.update(awaited_from=now, look_at=now)

    def same_as(self, fingerprint: str) -> RunQuerySet:
        """Keep those plans that can be approved together; none of no fingerprint."""
        if not fingerprint:
            return self.none()
        return self.approvable().filter(fingerprint=fingerprint)

    def same_anywhere(self, fingerprint: str) -> RunQuerySet:
        """Keep those of them that delete nothing, and are approved together wherever
        they were started: what deletes is confirmed on the page of its rollout.
        """
        removes = Q(kind=Run.Kind.REMOVE) | ~Q(take_over={})
        return self.same_as(fingerprint).exclude(removes)

    def checked(self) -> RunQuerySet:
        """Keep those that describe their account: AWS knew Bowline, and checks ran."""
        results = CheckResult.objects.filter(run=models.OuterRef("pk"))
        return self.filter(models.Exists(results.exclude(located=Located.BOWLINE)))

    def to_fold(self) -> RunQuerySet:
        """Keep those whose results are rows still, and that are superseded."""
        results = CheckResult.objects.filter(run=models.OuterRef("pk"))
        rows = self.exclude(status__in=OPEN).filter(is_superseded(), findings=None)
        return rows.filter(models.Exists(results))

    def outlived(self, before: datetime) -> RunQuerySet:
        """Keep those that only verified, ended before, and that nothing needs.

        A run that planned a change is the record of it. The newest verification of
        an account shows its state, and the next one is compared with it.
        """
        of_run = {"run": models.OuterRef("pk")}
        verified = Q(kind=Run.Kind.VERIFY) | Q(findings__isnull=False)
        verified |= Q(models.Exists(CheckResult.objects.filter(**of_run)))
        return self.filter(
            verified,
            is_superseded(),
            ~models.Exists(Step.objects.filter(**of_run)),
            created_at__lt=before,  # it ended later still, but this has an index
            finished_at__lt=before,
            approved_at=None,
        ).exclude(status__in=OPEN)


def is_superseded() -> Q:
    """Find runs of accounts that were verified later, or that are forgotten."""
    orphaned = Q(account=None) & ~Q(kind=Run.Kind.MANAGING)
    return orphaned | Q(models.Exists(verified_after()))


def verified_after(run: str = "") -> RunQuerySet:
    """Find later verifications of the account of a query's run, at this prefix."""
    same = Q(account=models.OuterRef(f"{run}account"))
    managing = Q(account=None, kind=Run.Kind.MANAGING)
    same |= managing & Q(kind=models.OuterRef(f"{run}kind"))
    later = Q(created_at__gt=models.OuterRef(f"{run}created_at"))
    return Run.objects.checked().filter(same, later)


Subject: TypeAlias = ManagedAccountQuerySet | ManagingAccountQuerySet


ADVICE = {"plan again": "onboard", "verify again": "verify"}
"""What the fix of an error says, and the kind of run that it means."""


class Run(Job, Decided, InRollout, Verifies, WaitsForOwner, Readable):
    """One job on one account: plan, approve, apply, verify; its only record."""

    WORKING, OPEN = WORKING, OPEN
    COUNTS_TAKEOVERS = (
        ', "takeovers" = CASE WHEN "lease" IS NULL THEN 0 ELSE "takeovers" + 1 END'
    )
    WOKEN = 16
    """As many messages as wake every process; each takes further runs by itself."""
    READS = {
        "fingerprint": is_slug,
        "entries": are_sides,
        "take_over": is_take_over,
        "evidence": fits(list[Evidence]),
        **Decided.READS,
        "check_seconds": are_seconds,
    }

    class Kind(models.TextChoices):
        ONBOARD = "onboard", "Onboard"
        MANAGING = "managing", "Managing account"
        VERIFY = "verify", "Verify"
        REMOVE = "remove", "Remove from AWS"

    class Origin(models.TextChoices):
        PAGE = "page", "A page"
        COMMAND = "command", "The command line"
        SCHEDULE = "schedule", "The schedule"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.PositiveIntegerField(unique=True, editable=False)
    """What people call it by: “Run 128”; given when it is saved first."""
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.ONBOARD)
    account = models.ForeignKey(
        ManagedAccount,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="runs",
    )
    """Empty: a run of the managing account alone, or the account was deleted."""
    account_name = models.CharField(max_length=60, blank=True)
    grants = models.ManyToManyField(ManagedAccount, blank=True, related_name="+")
    """Accounts that a run of the managing account lets Spinnaker assume."""
    alone = models.BooleanField(default=False)
    """Another run has applied the managing side for this one."""
    status = models.CharField(max_length=12, choices=Status, default=Status.PLANNING)
    version = models.PositiveIntegerField(default=1)
    """The account's version that was planned."""
    managing_version = models.PositiveIntegerField(default=1)
    fingerprint = models.CharField(max_length=32, blank=True, editable=False)
    """Equal in identical plans; empty: to be approved alone."""
    existing = models.JSONField(default=dict, editable=False)
    """{account ID: how many of Bowline's resources were found when it was planned}"""
    entries = models.JSONField(default=dict, editable=False)
    """{before, after}: what Spinnaker knows of the account and what the plan makes of
    it; see mapping/entries.py. Empty: the run is not about that."""
    take_over = models.JSONField(default=dict, editable=False)
    """What becomes of roles that were there before Bowline; see the engine's
    resources/take_over.py. Empty: nothing."""
    evidence = models.JSONField(default=list, editable=False)
    """What roles have used of what it detaches; see checks.py."""
    findings = models.ForeignKey(
        Findings,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="runs",
    )
    """What its checks found, once it is superseded; until then they are rows."""
    check_seconds = models.JSONField(null=True, editable=False)
    """How long each of these checks took."""
    traceback = models.TextField(blank=True, editable=False)
    """Of the bug that ended it; for administrators only."""
    plan_digest = models.CharField(max_length=64, blank=True, editable=False)
    """Of its plan, once there is one; empty: it was planned before that was kept."""
    approved_digest = models.CharField(max_length=64, blank=True, editable=False)
    """Of the plan as whoever approved it had read it; see Plan.digest."""
    started_from = models.CharField(max_length=8, choices=Origin, blank=True)
    """Empty: it was started before that was kept."""
    takeovers = models.PositiveSmallIntegerField(default=0, editable=False)
    """How many workers in a row stopped without letting go of it, as far as others took
    it over since."""
    moved_at = models.DateTimeField(null=True, editable=False)
    """When its status last changed, by the database's clock; pages compare it."""

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["status", "leased_until"], name="run_status_lease"),
            models.Index(fields=["-created_at"], name="run_created"),
            models.Index(fields=["moved_at"], name="run_moved"),
            models.Index(fields=["finished_at"], name="run_finished"),
            models.Index(
                fields=["fingerprint"],
                condition=Q(status=Status.PLANNED),
                name="run_waiting_fingerprint",
            ),
            models.Index(
                fields=["rollout", "status"],
                condition=Q(rollout__isnull=False),
                name="run_of_rollout",
            ),
            models.Index(
                fields=["-created_at"],
                condition=Q(kind="managing"),
                name="run_managing",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(status__in=OPEN),
                name="one_open_run_per_account",
                violation_error_message="This account already has an open run.",
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(kind="managing", status__in=OPEN),
                name="one_open_managing_run",
                violation_error_message="This account already has an open run.",
            ),
        ]

    def __str__(self) -> str:
        """Name it in the log, where nothing is read of its account; see `heading`."""
        does = "Take over" if self.take_over else self.get_kind_display()
        return f"{self.title}: {does} {self.account_name}"

    def save(self, *args: Any, **options: Any) -> None:
        if self.number is None:
            self.number = RunNumber.objects.create().pk
        super().save(*args, **options)

    def get_absolute_url(self) -> str:
        return reverse("accounts:run", args=[self.pk])

    @property
    def does(self) -> str:
        """Say what it does: an account whose roles exist already is changed."""
        if self.take_over:
            return "Take over"
        since = self.account and self.account.granted_at
        changes = self.kind == self.Kind.ONBOARD and since and since < self.created_at
        return "Change" if changes else self.get_kind_display()

    @property
    def heading(self) -> str:
        """Say what it does to which account."""
        if self.kind == self.Kind.REMOVE:
            return f"Remove {self.account_name} from AWS"
        return f"{self.does} {self.account_name}"

    @property
    def advises(self) -> str:
        """Return which kind of run the fix of its error ends with; empty: none."""
        fix = str((self.error or {}).get("hint", "")).lower()
        ends = {fix.rfind(words): kind for words, kind in ADVICE.items()}
        return ends[max(ends)] if max(ends) >= 0 else ""

    @property
    def started_by(self) -> str:
        """Say who or what started it, to be read after “by”; empty: not known."""
        person = self.created_by_name
        match self.started_from:
            case Run.Origin.SCHEDULE:
                return "the schedule"
            case Run.Origin.COMMAND:
                return f"{person or 'somebody'} on the command line"
            case Run.Origin.PAGE:
                return person or "a person who was deleted"
        return person

    @property
    def starter(self) -> str:
        """Say the same where a list has little room: “olga · CLI”."""
        if self.started_from == Run.Origin.COMMAND:
            return f"{self.created_by_name or 'somebody'} · CLI"
        return self.started_by

    @property
    def is_scheduled(self) -> bool:
        return self.started_from == Run.Origin.SCHEDULE

    @property
    def reference(self) -> str:
        """Name it shortly, to be quoted in a bug report and found in the log."""
        return str(self.pk)[:8]

    @property
    def subject(self) -> Subject:
        """Find the account that it is about, or the managing one."""
        if self.kind == Run.Kind.MANAGING:
            return ManagingAccount.objects.all()
        return ManagedAccount.objects.filter(pk__in=[self.account_id])

    @property
    def unedited_subject(self) -> Subject:
        """Find it only if nobody has edited it since the run began."""
        return self.subject.at(self.version)

    def outdated_by(self, account: Account | None, managing: Account | None) -> str:
        """Say which edit outdates the plan; empty while none does.

        `RunQuerySet.up_to_date` says the same of many runs, in SQL.
        """
        if managing is None or managing.version != self.managing_version:
            return "The managing account was edited after this was planned."
        if self.kind == Run.Kind.MANAGING:
            return ""
        if account is None or account.version != self.version:
            return f"{self.account_name} was edited after it was planned."
        return ""

    @property
    def grants_unplanned(self) -> list[str]:
        """Name the accounts that it lets Spinnaker assume, and whose own plans of the
        rollout failed.
        """
        if self.kind != Run.Kind.MANAGING or self.rollout_id is None:
            return []
        failed = Q(runs__rollout=self.rollout_id, runs__status__in=UNSUCCESSFUL)
        found = self.grants.filter(failed, applied=[])
        return list(found.order_by("name").values_list("name", flat=True))

    @property
    def takes_over(self) -> str:
        """Say what it takes over of existing roles; empty: nothing."""
        return TakeOver.of(self.take_over).sentence

    def say(self, waiting: str) -> None:
        """Show what is being waited for; it counts as a sign of life."""
        self.extend_lease()
        if self.waiting != waiting[:200]:
            self.waiting = waiting[:200]
            self.save(update_fields=["waiting"])


class CheckResultQuerySet(models.QuerySet["CheckResult"]):
    def got_worse(self) -> CheckResultQuerySet:
        """Keep what was good before and is bad in its account's newest verification."""
        later = verified_after("run__")
        stands = Q(run__account__granted_at__isnull=False)
        stands |= Q(run__account=None, run__kind=Run.Kind.MANAGING)
        return self.filter(stands, ~models.Exists(later), worse=True)


class CheckResult(Found):
    """What one check of a run found, as long as no later verification superseded it."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="checks")
    position = models.PositiveIntegerField()
    seconds = models.FloatField(default=0)
    checked_at = models.DateTimeField(default=timezone.now)

    objects = CheckResultQuerySet.as_manager()

    class Meta:
        verbose_name = "check"
        ordering = ["run", "position"]
        indexes = [
            # A handful among very many.
            models.Index(
                fields=["-checked_at"], condition=Q(worse=True), name="check_worse"
            )
        ]


class Step(Readable):
    """One approved change of a run, and how it went."""

    READS = {"verb": is_one_of(VERBS), "removed": is_texts, "added": is_texts}

    class Status(models.TextChoices):
        PENDING = "pending"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    run = models.ForeignKey(
        "accounts.Run", on_delete=models.CASCADE, related_name="steps"
    )
    position = models.PositiveIntegerField()
    account_id = models.CharField(max_length=12)
    account_name = models.CharField(max_length=60)
    verb = models.CharField(max_length=6)
    kind = models.CharField(max_length=30)
    name = models.CharField(max_length=400)
    reason = models.TextField(blank=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    removed = models.JSONField(default=list)
    added = models.JSONField(default=list)
    """Digests of what is approved to go and to come; see resources/plan.py."""
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    message = models.TextField(blank=True)
    hint = models.TextField(blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["run", "position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="step_position")
        ]
        indexes = [
            # What was made in the managing account is read on its page.
            models.Index(
                fields=["account_id", "status", "kind", "name", "verb", "finished_at"],
                name="step_of_account",
            )
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.kind} {self.name}"

    @property
    def seconds(self) -> float | None:
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()

    def note(self, run: Leased, **columns: Any) -> None:
        """Write what became of it, by the worker that holds the run; raise LeaseLost
        where another one took over.
        """
        note_all(run, {self: columns})


def finish_steps(steps: models.QuerySet[Step], message: str, at: datetime) -> None:
    """Count as done what nobody had to do, or somebody else did."""
    undone = (Step.Status.PENDING, Step.Status.RUNNING, Step.Status.FAILED)
    move(steps, Step.Status.DONE, since=undone, finished_at=at, message=message)


def note_all(run: Leased, noted: Mapping[Step, Mapping[str, Any]]) -> None:
    """Write these columns of each of the run's steps in one statement, by the worker
    that holds it; raise LeaseLost where another one took over.
    """
    ids = {step: stored(step, {"id": step.pk}) for step in noted}
    changes, values = [], []
    for name in dict.fromkeys(chain.from_iterable(noted.values())):
        of = [step for step, columns in noted.items() if name in columns]
        changes.append(
            f'"{name}" = CASE "id"{" WHEN %s THEN %s" * len(of)} ELSE "{name}" END'
        )
        for step in of:
            values += [*ids[step], *stored(step, {name: noted[step][name]})]
    keys = [*chain(*ids.values()), *stored(run, {"id": run.pk, "lease": run.lease})]
    held = f'SELECT "id" FROM "{run._meta.db_table}" WHERE ("id" = %s AND "lease" = %s)'
    statement = (
        f'UPDATE "{Step._meta.db_table}" SET {", ".join(changes)} '
        f'WHERE ("id" IN ({", ".join(["%s"] * len(ids))}) AND "run_id" IN ({held}))'
    )
    if run.lease is None or executed(statement, [*values, *keys]) < len(ids):
        raise run.lost()
