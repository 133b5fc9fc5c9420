"""In which order the accounts of a rollout start: one of each kind first, production
after the others, and last what failed the last time.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import Min, OuterRef, Subquery

from accounts.models import ManagedAccount, Rollout, Run
from accounts.models.states import UNSUCCESSFUL, Status
from accounts.people.policies import is_production
from accounts.runs.rollouts.census import runs_of
from accounts.runs.rollouts.waves import REST
from accounts.slices import in_slices

Turn = Run.Turn


def turns_of(accounts: Collection[ManagedAccount]) -> dict[UUID, Run.Turn]:
    """Say when each account has its turn, before its plan is known."""
    runs = Run.objects.filter(account=OuterRef("pk")).exclude(status=Status.DISCARDED)
    last = Subquery(runs.order_by("-number").values("status")[:1])
    failed: set[UUID] = set()
    for keys in in_slices([account.pk for account in accounts]):
        rows = ManagedAccount.objects.filter(pk__in=keys).annotate(last=last)
        failed.update(rows.filter(last__in=UNSUCCESSFUL).values_list("pk", flat=True))
    turns = {}
    for one in accounts:
        usual = Turn.PRODUCTION if is_production(one.environment) else Turn.FIRST
        turns[one.pk] = Turn.LAST if one.pk in failed else usual
    return turns


def next_accounts(rollout: Rollout, wave: int, most: int) -> list[UUID]:
    """Choose which of the approved runs start in the wave now.

    The first two waves take one account of each group of same plans before a second
    one; the first prefers what is not production, the second takes one of production.
    """
    approved = runs_of(rollout).filter(status=Status.APPROVED)
    ordered = approved.order_by("turn", "number")
    first = [] if wave == REST else firsts(rollout, wave)[:most]
    chosen = list(ordered.filter(number__in=first).values_list("pk", flat=True))
    rest = ordered.exclude(number__in=first).values_list("pk", flat=True)
    return chosen + list(rest[: most - len(chosen)])


def firsts(rollout: Rollout, wave: int) -> list[int]:
    """Give the runs that are the first of their group, by their numbers."""
    runs = runs_of(rollout).order_by()
    begun = set(runs.exclude(wave=None).values_list("fingerprint", "turn").distinct())
    groups = runs.filter(status=Status.APPROVED).exclude(turn=Turn.LAST)
    found = groups.values_list("fingerprint", "turn").annotate(first=Min("number"))
    fresh = sorted(
        (turn, number)
        for fingerprint, turn, number in found
        if (fingerprint, turn) not in begun
    )
    if wave == 1:
        return [number for turn, number in fresh if turn == fresh[0][0]]
    if Turn.PRODUCTION not in {turn for _, turn in begun}:
        fresh.sort(key=lambda one: one[0] != Turn.PRODUCTION)
        fresh[1:] = sorted(fresh[1:])
    return [number for _, number in fresh]
