"""Kinds of work: what is carried on, and how. The table of all is in tasks.py, because
nothing here knows who carries what.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from accounts.models.lease import Carried, CarriedQuerySet, Durable
from accounts.work.queue import wake

C = TypeVar("C", bound=Carried)

SWEPT_AT_ONCE = 200
"""Rows for which a sweep sends again; the next one continues."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[C]):
    model: type[C]
    carry: Callable[[C], bool | None]
    """Carries a row as far as it goes, one worker at a time; says whether it can be
    carried on at once. Safe to kill anywhere.
    """

    @property
    def name(self) -> str:
        return str(self.model._meta.model_name)

    @property
    def rows(self) -> CarriedQuerySet[C]:
        rows = self.model._default_manager.all()
        assert isinstance(rows, CarriedQuerySet)
        return rows

    def carry_on(self, key: str) -> None:
        """Carry on the row that a message names, unless that is done."""
        row = self.rows.due().filter(pk=key).first()
        if row is not None and self.carry(row):
            wake(row)

    def sweep(self) -> None:
        """Send again for what a dead worker or a lost message left behind."""
        marks = issubclass(self.model, Durable)  # so that the next sweep finds others
        if rows := self.rows.abandoned()[: SWEPT_AT_ONCE if marks else None]:
            wake(*rows)
