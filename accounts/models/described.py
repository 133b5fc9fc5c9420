"""What people describe and runs act on: a version, a state, and how the state moves.

Every transition has a name and is one UPDATE. Those that follow from a run apply only
`at` the version that the run was planned for: an edit in between wins.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.db.models import Case, F, Value, When
from django.utils import timezone

from accounts.models.states import State

M = TypeVar("M", bound="Described")


class DescribedQuerySet(models.QuerySet[M]):
    UNPROVED: ClassVar[dict[str, Any]] = {}
    """What no longer holds once something is edited, applied or failed."""

    def at(self, version: int) -> Self:
        """Keep the row only if nobody has edited it since that version."""
        return self.filter(version=version)

    def wait_for_approval(self) -> int:
        """A plan is there to be read. What was proved still holds."""
        return self.update(state=State.PLANNED)

    def begin_applying(self) -> int:
        """A plan was approved, so what was proved holds no longer."""
        return self.update(state=State.APPLYING, **self.UNPROVED)

    def verify_unchanged(self) -> int:
        """Nothing had to change in AWS; it is only verified."""
        return self.update(state=State.APPLYING)

    def fail(self) -> int:
        return self.update(state=State.FAILED, **self.UNPROVED)

    def drift(self) -> int:
        """AWS is no longer what was approved."""
        return self.update(state=State.DRIFTED, **self.UNPROVED)

    def refuse_plan(self) -> int:
        """The plan no longer fits; nothing more was changed."""
        return self.update(state=State.OUTDATED)

    def await_plan(self) -> int:
        """AWS is as it was approved, and an edit waits that only Spinnaker notices."""
        return self.update(state=State.OUTDATED)

    def outdate(self, *, proved: bool = False) -> int:
        """Count an edit: every plan made before it is outdated now. Where it changes
        nothing in AWS, what was `proved` still holds.
        """
        draft = When(state=State.DRAFT, then=Value(State.DRAFT))
        return self.update(
            version=F("version") + 1,
            state=Case(draft, default=Value(State.OUTDATED)),
            updated_at=timezone.now(),
            **({} if proved else self.UNPROVED),
        )


class Described(models.Model):
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def touch(self, *, proved: bool = False) -> None:
        """Count an edit of this row; see mapping/edits.py for what else it outdates."""
        rows: Any = type(self)._default_manager
        rows.filter(pk=self.pk).outdate(proved=proved)
        self.refresh_from_db()
