"""Steps: the changes of a run's plan, and how each went."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import chain
from typing import Any

from django.db import models

from accounts.models.lease import Leased, executed, stored
from accounts.models.readable import Readable, is_one_of, is_texts
from accounts.models.states import move
from onboarding.resources.plan import VERBS


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
    reason = models.CharField(max_length=400, blank=True)
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
