"""In which order the accounts of a rollout start: one of each kind first, production
after the others, and last what failed the last time.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Min, OuterRef, Q, Subquery

from accounts.models import ManagedAccount, Rollout, Run
from accounts.models.states import UNSUCCESSFUL, Status
from accounts.people.policies import is_production, strict_among
from accounts.runs.rollouts.census import REST, SETTLED, runs_of
from accounts.slices import in_slices

Turn = Run.Turn


def turns_of(accounts: Collection[ManagedAccount]) -> dict[UUID, Run.Turn]:
    """Say when each account has its turn, before its plan is known. Production is what
    says so, or asks for a second person.
    """
    runs = Run.objects.filter(account=OuterRef("pk")).exclude(status=Status.DISCARDED)
    last = Subquery(runs.order_by("-number").values("status")[:1])
    failed: set[UUID] = set()
    for keys in in_slices([account.pk for account in accounts]):
        rows = ManagedAccount.objects.filter(pk__in=keys).annotate(last=last)
        failed.update(rows.filter(last__in=UNSUCCESSFUL).values_list("pk", flat=True))
    environments = {one.environment for one in accounts}
    production = {*filter(is_production, environments), *strict_among(environments)}
    turns = {}
    for one in accounts:
        usual = Turn.PRODUCTION if one.environment in production else Turn.FIRST
        turns[one.pk] = Turn.LAST if one.pk in failed else usual
    return turns


class Lane(NamedTuple):
    """The accounts with the same changes whose turn is the same."""

    fingerprint: str
    turn: int
    first: int | None
    """The first run that is approved."""
    begun: int
    working: int
    done: int
    undecided: int

    @property
    def is_open(self) -> bool:
        """Return whether its canary is done. A plan like no other needs none."""
        return bool(self.done or not self.fingerprint)

    @property
    def may_come(self) -> bool:
        """Return whether its canary is still to be expected."""
        return bool(self.first or self.working or self.undecided)


def next_accounts(rollout: Rollout, wave: int, most: int) -> list[UUID]:
    """Choose which of the approved runs start in the wave now, at most `most`.

    One account of each group of same plans starts alone, as its canary, and the others
    once it is done, whatever was approved first. Production has a canary of its own,
    and waits for one of the same group that isn't production. The first wave takes
    none while others can start; the second takes canaries first, production's before
    all.
    """
    lanes = lanes_of(rollout)
    shut = [lane for lane in lanes if not lane.is_open]
    before = {
        one.fingerprint for one in shut if one.turn == Turn.FIRST and one.may_come
    }
    canaries = [
        (lane.turn, lane.first)
        for lane in shut
        if lane.first is not None
        and not lane.working
        and not (lane.turn == Turn.PRODUCTION and lane.fingerprint in before)
    ]
    free = Q(pk=None)
    for turn in Turn:
        opened = [
            one for one in lanes if one.is_open and one.turn == turn and one.first
        ]
        free |= Q(turn=turn, fingerprint__in=[one.fingerprint for one in opened])
    approved = runs_of(rollout).filter(status=Status.APPROVED)
    others = approved.filter(free).order_by("turn", "number")
    found = [(turn, False, number) for turn, number in canaries]
    found += [
        (turn, True, n) for turn, n in others.values_list("turn", "number")[:most]
    ]
    second = wave not in (1, REST)
    tried = any(one.turn == Turn.PRODUCTION and one.begun for one in lanes)

    def place(one: tuple[int, bool, int]) -> tuple[Any, ...]:
        turn, after_canary, _ = one
        later = second and (after_canary or turn == Turn.LAST)
        return later, second and not tried and turn != Turn.PRODUCTION, one

    found.sort(key=place)
    if wave == 1:
        found = [one for one in found if one[0] == found[0][0]]
    numbers = [number for *_, number in found[:most]]
    keys = dict(approved.filter(number__in=numbers).values_list("number", "pk"))
    return [keys[number] for number in numbers if number in keys]


def lanes_of(rollout: Rollout) -> list[Lane]:
    """Count the runs of each lane; one query."""
    statuses = {
        "working": (Status.APPLYING, Status.VERIFYING),
        "done": SETTLED,
        "undecided": (Status.PLANNING, Status.PLANNED),
    }
    rows = runs_of(rollout).order_by().values_list("fingerprint", "turn")
    return [
        Lane(*row)
        for row in rows.annotate(
            first=Min("number", filter=Q(status=Status.APPROVED)),
            begun=Count("wave"),
            **{
                name: Count("pk", filter=Q(status__in=some))
                for name, some in statuses.items()
            },
        )
    ]
