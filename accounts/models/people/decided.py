"""What is planned, decided, and carried out; and what is kept of the decision: what the
plan touches, and who caused it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.db import models
from django.utils import timezone

from accounts.models.activity import CreatedBy, name_of, person_key
from accounts.models.lease import Durable, DurableQuerySet
from accounts.models.readable import Check, is_texts
from accounts.models.states import Status, log_states, move
from accounts.refused import Refused

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def is_reach(value: Any) -> bool:
    """Return whether people/reach.py wrote it, or it is empty."""
    return value == {} or (
        isinstance(value, dict)
        and isinstance(value.get("managing"), bool)
        and isinstance(value.get("managing_first", False), bool)
        and isinstance(value.get("second"), str)
        and is_texts(value.get("environments"))
        and isinstance(value.get("listed", 0), int)
        and isinstance(value.get("lost", {}), dict)
        and all(map(is_texts, value.get("lost", {}).values()))
    )


def are_authors(value: Any) -> bool:
    """Return whether it names, by what they did, the keys of people."""
    return isinstance(value, dict) and all(
        isinstance(keys, list) and all(isinstance(key, int) for key in keys)
        for keys in value.values()
    )


class Decided(models.Model):
    READS: ClassVar[Mapping[str, Check]] = {"reach": is_reach, "authors": are_authors}

    reach = models.JSONField(default=dict, editable=False)
    """What it was found to touch when it was planned, see people/reach.py; empty: it
    was planned before that was kept."""
    authors = models.JSONField(default=dict, editable=False)
    """{what they did: [keys of people]} who had caused it by then."""

    class Meta:
        abstract = True


class MovedMeanwhile(Refused):
    """Somebody else moved it first, or that move is not allowed."""

    code = "DECIDED"
    is_late = True


class Job(CreatedBy, Durable):
    """What is planned, approved by a person, and carried out: a run, or a delivery."""

    number: Any
    status: Any
    WORKING: ClassVar[tuple[str, ...]]
    """A worker is or should be busy with it."""
    OPEN: ClassVar[tuple[str, ...]]

    error = models.JSONField(null=True, blank=True)
    """{message, hint} of what ended it; of a run, {account, operation}, too."""
    waiting = models.CharField(max_length=200, blank=True)
    """What is being waited for just now."""
    approved_by = person_key()
    approved_by_name = models.CharField(max_length=150, blank=True, editable=False)
    approval_comment = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        begins = self._state.adding
        super().save(*args, **options)
        if begins:
            log_states([self])

    @property
    def title(self) -> str:
        """How people call it: “Run 128”."""
        return f"{self._meta.verbose_name} {self.number}".capitalize()

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @property
    def is_working(self) -> bool:
        return self.status in self.WORKING

    def move(
        self,
        to: str,
        *,
        since: tuple[str, ...],
        among: JobQuerySet[Any] | None = None,
        **changes: Any,
    ) -> None:
        """Move on; raise MovedMeanwhile where it is not `among` these, or was moved."""
        if to not in self.OPEN:
            changes["finished_at"] = timezone.now()
        every: Any = type(self)._default_manager.all()
        rows = every if among is None else among
        if not rows.filter(pk=self.pk).move(to, since=since, **changes):
            raise MovedMeanwhile(f"{self} was changed by someone else.")
        for name, value in {"status": to, **changes}.items():
            setattr(self, name, value)
        log_states([self])

    def approve(self, to: str, by: User | None, comment: str, **changes: Any) -> None:
        """Move on what waits for approval; raise MovedMeanwhile."""
        self.move(
            to,
            since=(Status.PLANNED,),
            approved_by=by,
            approved_by_name=name_of(by),
            approved_at=timezone.now(),
            approval_comment=comment,
            **changes,
        )

    def carry(
        self, to: str, *, since: tuple[str, ...] | None = None, **changes: Any
    ) -> None:
        """Move on as the worker that holds it, first in a transaction, so that what
        follows is rolled back, too. Raise LeaseLost where it no longer holds it.
        """
        changes = {"waiting": "", **changes}
        rows: Any = type(self)._default_manager.all()
        held = rows.filter(lease=self.lease, lease__isnull=False)
        try:
            self.move(to, since=since or self.WORKING, among=held, **changes)
        except MovedMeanwhile as error:
            raise self.lost() from error

    def decided_already(self, by_whom: Callable[[], str]) -> str:
        """Say who approved it, or what became of it, before somebody else decided;
        `by_whom` says who discarded it, or for what.
        """
        if self.status == Status.DISCARDED:
            return f"{self.title} was discarded{by_whom()} before you decided."
        if by := self.approved_by_name:
            return f"{self.title} was approved by {by} before you decided."
        return f"{self.title} is already {self.status}."


J = TypeVar("J", bound=Job)


class JobQuerySet(DurableQuerySet[J]):
    def move(self, to: str, *, since: tuple[str, ...], **changes: Any) -> int:
        """Move them on, each that is in one of these states; return how many were."""
        ends = {} if to in self.model.OPEN else {"finished_at": timezone.now()}
        return move(self, to, since=since, **{**ends, **changes})

    def make_way(self, since: tuple[str, ...], refusal: Callable[[J], Refused]) -> None:
        """Discard these for a new one; raise the refusal of one that isn't discarded,
        because of its state.
        """
        for job in self:
            try:
                job.move(Status.DISCARDED, since=since)
            except MovedMeanwhile as error:
                # Whoever was quicker may have discarded it, for another or for none.
                if now := self.order_by("number").last():
                    raise refusal(now) from error
