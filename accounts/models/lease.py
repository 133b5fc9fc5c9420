"""Leases: one worker at a time holds a row, and a dead worker's hold runs out; what of
a row makes work outlast workers and messages; the heartbeat shows whether any is alive.

Every move is a conditional UPDATE whose row count shows who won. Only the database's
clock counts: workers' own clocks differ. Processes that work on many rows extend what
they hold with `extend_leases`, every few seconds.
"""

from __future__ import annotations

import time
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any, ClassVar, NamedTuple, Self, TypeAlias, TypeVar

from django.db import connection, models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.db.models.sql import Query

LEASE = timedelta(seconds=20)
"""What a dead worker held is taken over after this. Every write extends it, and the
process does so that works on the row: see `extend_leases`.
"""

LONGEST = timedelta(minutes=10)
"""A process extends a lease no longer than this: whoever holds it hangs."""


FREE = Q(leased_until=None) | Q(leased_until__lt=Now())
"""What nobody holds, or held until it ran out."""


QUEUE_PATIENCE = timedelta(minutes=2)
"""How long a message may wait in the queue before the sweep sends another one."""


class LeaseLost(Exception):
    """Another worker holds the row now; whoever gets this must stop at once."""


class Hold(NamedTuple):
    """A lease that this process took, until it is freed or lost."""

    model: type[Leased]
    pk: Any
    since: float
    """When it was taken, by this process's own clock."""


Holds: TypeAlias = dict[uuid.UUID, Hold]

HELD: Holds = {}
"""By lease; each is added and removed by the thread that holds it."""

LEFT: Holds = {}
"""What this process let go of while the database did not answer: nobody else could take
it until it ran out.
"""


class Leased(models.Model):
    lease = models.UUIDField(null=True, blank=True, editable=False)
    """Another one each time that somebody takes hold, so that no two are confused."""
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)

    COUNTS_TAKEOVERS: ClassVar[str] = ""
    """What taking hold changes besides, in SQL."""

    class Meta:
        abstract = True

    def take_lease(self, **unchanged: Any) -> bool:
        """Take hold of the row; False where somebody else holds it, or where one of
        these columns is not what it was.
        """
        lease = uuid.uuid4()
        end, numbers = moment(connection.vendor, LEASE)
        now, _ = moment(connection.vendor)
        free = f'("leased_until" IS NULL OR "leased_until" < {now})'
        same = (f'"{name}" = %s' for name in unchanged)
        taken = self.changed(
            f'"lease" = %s, "leased_until" = {end}{self.COUNTS_TAKEOVERS}',
            [*stored(self, {"lease": lease}), *numbers],
            where=" AND ".join([free, *same]),
            **unchanged,
        )
        if not taken:
            return False
        self.lease = lease
        HELD[lease] = Hold(type(self), self.pk, time.monotonic())
        return True

    @property
    def is_held(self) -> bool:
        """Return whether somebody works on it, by the database's clock."""
        held = type(self)._base_manager.filter(pk=self.pk, leased_until__gt=Now())
        return held.exists()

    def extend_lease(self) -> None:
        """Hold on for another while; raise LeaseLost where it was taken over."""
        end, numbers = moment(connection.vendor, LEASE)
        extended = f'"leased_until" = {end}'
        if not (self.lease and self.changed(extended, numbers, lease=self.lease)):
            raise self.lost()

    def write(self, **fields: Any) -> None:
        """Write the fields and hold on; raise LeaseLost where it was taken over."""
        held = type(self)._base_manager.filter(pk=self.pk, lease=self.lease)
        held_until = Now() + LEASE
        if self.lease is None or not held.update(**fields, leased_until=held_until):
            raise self.lost()
        self.refresh_from_db(fields=list(fields))

    def free_lease(self) -> None:
        """Let go; nothing happens where somebody else took over meanwhile. Where the
        database does not answer, `free_left` does so later.
        """
        lease, self.lease = self.lease, None
        if lease is None:
            return
        HELD.pop(lease, None)
        LEFT[lease] = Hold(type(self), self.pk, time.monotonic())
        self.changed('"lease" = NULL, "leased_until" = NULL', [], lease=lease)
        LEFT.pop(lease, None)

    def changed(
        self,
        changes: str,
        values: Sequence[Any],
        *,
        where: str = '"lease" = %s',
        **columns: Any,
    ) -> int:
        """Change the row in SQL where it is as these columns say; else return 0."""
        meta = self._meta
        keys = stored(self, {meta.pk.name: self.pk, **columns})
        return executed(
            f'UPDATE "{meta.db_table}" SET {changes} '
            f'WHERE ("{meta.pk.column}" = %s AND {where})',
            [*values, *keys],
        )

    def lost(self) -> LeaseLost:
        return LeaseLost(f"{self} is being worked on by another worker.")


class Carried(models.Model):
    """What a worker carries on when a message names it, until nothing is left to do."""

    SECONDS: ClassVar[int | None] = None
    """The most that one message takes; None: as many as any task."""
    WOKEN: ClassVar[int | None] = None
    """How many messages find all workers; None: each row has its own."""

    class Meta:
        abstract = True

    @property
    def most_seconds(self) -> int | None:
        return self.SECONDS

    @property
    def is_scheduled(self) -> bool:
        """Return whether nobody waits for it."""
        return False


class Durable(Carried, Leased):
    """What one worker at a time carries on. Neither a worker that is killed nor a
    message that is lost ends it.
    """

    queued_at = models.DateTimeField(null=True)
    """When a message about it was last sent; empty: none is on its way."""

    class Meta:
        abstract = True


C = TypeVar("C", bound=Carried)
D = TypeVar("D", bound=Durable)


class CarriedQuerySet(models.QuerySet[C]):
    def due(self) -> Self:
        """Keep what can be carried on now, whoever is at it, in the order to do so."""
        raise NotImplementedError

    def abandoned(self) -> Self:
        """Keep that of which nobody takes care."""
        return self.due()


class DurableQuerySet(CarriedQuerySet[D]):
    PATIENCE = QUEUE_PATIENCE

    def waiting(self) -> Self:
        """Keep what can be carried on now and what no worker holds."""
        return self.due().filter(FREE)

    def abandoned(self) -> Self:
        """Keep what waits, and about which no message is on its way, or a lost one."""
        unqueued = Q(queued_at=None) | Q(queued_at__lt=Now() - self.PATIENCE)
        return self.waiting().filter(unqueued)


def executed(statement: str, parameters: Sequence[Any]) -> int:
    """Execute a statement that changes rows, and return how many it changed.

    As QuerySet.update does, without composing the statement, which takes Django longer
    than PostgreSQL takes to carry it out: for those that each change in AWS needs.
    """
    with (
        transaction.mark_for_rollback_on_error(using=connection.alias),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def stored(row: models.Model, columns: Mapping[str, Any]) -> list[Any]:
    """Return the values as the database takes them for these columns of the row."""
    fields = {field.name: field for field in row._meta.concrete_fields}
    return [
        fields[name].get_db_prep_save(value, connection)
        for name, value in columns.items()
    ]


@cache
def moment(vendor: str, later: timedelta = timedelta(0)) -> tuple[str, Sequence[Any]]:
    """Compose, once for each kind of database, a moment of its clock: now, or later."""
    query = Query(Heartbeat)
    compiler = query.get_compiler(connection=connection)
    expression = Now() + later if later else Now()
    text, numbers = compiler.compile(expression.resolve_expression(query))
    return text, numbers


def by_model(holds: Holds) -> dict[type[Leased], dict[uuid.UUID, Any]]:
    grouped: dict[type[Leased], dict[uuid.UUID, Any]] = defaultdict(dict)
    for lease, hold in holds.items():
        grouped[hold.model][lease] = hold.pk
    return grouped


def write_all(holds: Holds, **fields: Any) -> None:
    """Write the fields where nobody else took over."""
    for model, leases in by_model(holds).items():
        rows = model._base_manager.filter(pk__in=leases.values(), lease__in=leases)
        rows.update(**fields)


def extend_leases() -> None:
    """Extend every lease that this process holds; none that another one took over."""
    since = time.monotonic() - LONGEST.total_seconds()
    held = {lease: hold for lease, hold in HELD.copy().items() if hold.since > since}
    write_all(held, leased_until=Now() + LEASE)


def free_leases() -> None:
    """Let go of every row that this process holds, so that another one continues."""
    write_all(HELD | LEFT, lease=None, leased_until=None)


def free_left() -> None:
    """Let go of what the database did not let this process let go of before."""
    left = LEFT.copy()
    write_all(left, lease=None, leased_until=None)
    for lease in left:
        LEFT.pop(lease, None)


THE_ONE = 1


class Heartbeat(models.Model):
    """When workers last answered and swept, and when the broker last did not."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ONE)
    seen_at = models.DateTimeField(null=True)
    schedule_seen_at = models.DateTimeField(null=True)
    """When a worker of the schedule's queue last answered."""
    broker_lost_at = models.DateTimeField(null=True)
    swept_at = models.DateTimeField(null=True)
    """When lost messages were last sent again."""
    skewed_host = models.CharField(max_length=255, blank=True)
    """Where a worker's clock was last found wrong."""
    skew_seconds = models.IntegerField(default=0)
    """By how much it is ahead of the database's; negative: behind."""
    skewed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(id=THE_ONE), name="heartbeat_is_one"
            )
        ]

    def __str__(self) -> str:
        return f"Heartbeat {self.seen_at}"

    @classmethod
    def note(cls, **moments: Any) -> None:
        """Write moments down, in the row that is there or in a new one."""
        if not cls.objects.update(**moments):
            cls.objects.update_or_create(id=THE_ONE, defaults=moments)
