"""The plans of a rollout in groups: those with the same changes are read once."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Count, Min, Q

from accounts.mapping.plans import entry_changes_of
from accounts.models import Rollout, Run, Step
from accounts.models.readable import is_slug
from accounts.models.states import Status
from accounts.runs.rollouts.census import runs_of

MOST_GROUPS = 20
"""The most groups that are listed, the largest first; and the most plans that are read
one by one."""


class Group(NamedTuple):
    fingerprint: str
    accounts: int
    waiting: int
    approved: int
    changes: dict[str, int]
    """How many by verb, in each of the plans."""
    entries: int
    """How many in Spinnaker, in each of the plans."""


class Groups(NamedTuple):
    same: list[Group]
    more: int
    """How many groups are not listed."""
    others: list[Run]
    """Plans that wait and are like no other."""
    others_count: int


def groups_of(rollout: Rollout) -> Groups:
    """List the groups with how many of each wait; constant queries."""
    planned = runs_of(rollout).filter(
        Q(status=Status.PLANNED) | Q(approved_at__isnull=False)
    )
    counted = (
        planned.exclude(fingerprint="")
        .order_by()
        .values("fingerprint")
        .annotate(
            accounts=Count("pk"),
            waiting=Count("pk", filter=Q(status=Status.PLANNED)),
            first=Min("number"),
        )
        .order_by("-waiting", "-accounts", "fingerprint")
    )
    rows = [row for row in counted if is_slug(row["fingerprint"])]
    shown = rows[:MOST_GROUPS]
    firsts = [row["first"] for row in shown]
    changes = changes_of(firsts)
    entries = entries_of(firsts)
    alone = planned.filter(fingerprint="", status=Status.PLANNED).order_by("number")
    return Groups(
        same=[
            Group(
                row["fingerprint"],
                row["accounts"],
                row["waiting"],
                row["accounts"] - row["waiting"],
                changes.get(row["first"], {}),
                entries.get(row["first"], 0),
            )
            for row in shown
        ],
        more=len(rows) - len(shown),
        others=list(alone.defer("traceback", "error")[:MOST_GROUPS]),
        others_count=alone.count(),
    )


def changes_of(numbers: list[int]) -> dict[int, dict[str, int]]:
    """Count the changes of these runs in AWS, by verb."""
    found: dict[int, dict[str, int]] = {}
    steps = Step.objects.filter(run__number__in=numbers).order_by()
    counted = steps.values_list("run__number", "verb").annotate(count=Count("pk"))
    for number, verb, count in counted:
        found.setdefault(number, {})[verb] = count
    return found


def entries_of(numbers: list[int]) -> dict[int, int]:
    """Count the changes of these runs in what Spinnaker knows."""
    runs = Run.objects.filter(number__in=numbers).only("number", "entries")
    return {run.number: len(entry_changes_of(run)) for run in runs}
