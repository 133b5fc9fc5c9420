"""Rollouts: many accounts as one job, in waves; and what a run knows of its own."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse

from accounts.models.activity import CreatedBy
from accounts.models.lease import Carried, CarriedQuerySet
from accounts.models.readable import Readable, is_texts
from accounts.models.states import log_states, move
from accounts.wording import counted, for_count
from onboarding.resources.take_over import is_take_over


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
    have threads for more: see waves.py.
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
    def most_at_once(self) -> str:
        """Say how many accounts are in progress at a time."""
        if self.at_once == self.AT_ONCE:
            return f"{self.at_once}, or more if the workers have threads for more"
        return f"up to {self.at_once:,}"

    @property
    def limit(self) -> str:
        """Say which failures keep it from starting more accounts."""
        number = counted(self.most_failures)
        fails = for_count(self.most_failures, "fails", "fail")
        share = f"{number}, or {self.failure_percent}% of a wave, {fails}"
        return {
            self.Pauses.BY_CAUSE: (
                f"Pauses when {share}. In a rollout of fewer than ten accounts, a "
                "single failure doesn't pause the rollout. A cause that two accounts "
                "share, or a failure of the managing account, does."
            ),
            self.Pauses.AT_LIMITS: f"Pauses when {share}.",
            self.Pauses.AT_NUMBER: f"Pauses when {number} {fails}.",
            self.Pauses.NEVER: "Failures don't pause the rollout.",
        }[self.Pauses(self.pauses)]

    @property
    def has_waves(self) -> bool:
        """Return whether it changes AWS; a verification is started all at once."""
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
