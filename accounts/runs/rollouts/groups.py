"""The plans of a rollout in groups: those with the same changes are read once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from typing import NamedTuple

from django.db.models import Count, Min, Prefetch, Q

from accounts.mapping.plans import entry_changes_of, plan_of
from accounts.models import Rollout, Run, Step
from accounts.models.account import is_slug
from accounts.models.runs import RunQuerySet
from accounts.models.states import Status
from accounts.refused import Refused
from accounts.runs.deciding.confirmation import asks_for_test_of_any, group_in_words
from accounts.runs.rollouts.census import runs_of
from accounts.slices import AT_ONCE
from accounts.wording import first_of, listed
from onboarding.providers import PROVIDERS
from onboarding.resources.fingerprint import NAMES, TOLD_APART, neutral
from onboarding.topology import people

MOST_TRAITS = 3
"""The most differences of a group on the page: its plan has all."""
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
    providers: list[str]
    """The titles of the providers of each account."""
    environments: dict[str, int]
    """How many of the accounts are in each."""
    differs: list[str]
    """What its plans have, and not those of every group."""
    granted: list[str]
    """The READ and WRITE of its accounts."""


class Groups(NamedTuple):
    same: list[Group]
    more: int
    """How many groups that wait are not listed."""
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
    firsts = first_runs([row["first"] for row in rows[:MOST_GROUPS]])
    shown = [row for row in rows[:MOST_GROUPS] if row["first"] in firsts]
    traits = {number: traits_of(run) for number, run in firsts.items()}
    shared = set.intersection(*map(set, traits.values())) if traits else set()
    fingerprints = [row["fingerprint"] for row in shown]
    environments = environments_of(planned, fingerprints)
    granted = granted_by(planned, fingerprints)
    alone = planned.filter(fingerprint="", status=Status.PLANNED).order_by("number")
    return Groups(
        same=[
            Group(
                row["fingerprint"],
                row["accounts"],
                row["waiting"],
                row["accounts"] - row["waiting"],
                dict(Counter(step.verb for step in first.steps.all())),
                len(entry_changes_of(first)),
                providers_of(first),
                environments.get(row["fingerprint"], {}),
                told_apart(traits[first.number], shared),
                granted.get(row["fingerprint"], []),
            )
            for row in shown
            for first in [firsts[row["first"]]]
        ],
        more=sum(bool(row["waiting"]) for row in rows[MOST_GROUPS:]),
        others=list(alone.defer("traceback", "error")[:MOST_GROUPS]),
        others_count=alone.count(),
    )


def waiting(rollout: Rollout, fingerprint: str) -> dict[int, int]:
    """Give the runs whose plans wait with these changes: by their numbers, the policy
    sets that their accounts have.
    """
    found = runs_of(rollout).same_as(fingerprint).order_by("number")
    return dict(found.values_list("number", "account__policy_set"))


class NoneWaits(Refused):
    """No plan that was read still waits."""

    code = "NONE_WAITS"
    is_late = True


class Read(NamedTuple):
    """Those of a group's plans that a person read, and that still wait."""

    policy_sets: dict[int, int]
    """By the numbers of their runs."""
    to_confirm: str
    """What each of the plans deletes, or takes from Spinnaker; empty: nothing."""
    test: str
    """Why a test of access is asked for; empty: none is."""


def read_of(rollout: Rollout, fingerprint: str, numbers: Container[int]) -> Read:
    """Find the plans that an approval is about, whatever joined them meanwhile; raise
    NoneWaits.
    """
    now = waiting(rollout, fingerprint)
    both = {number: now[number] for number in now if number in numbers}
    if not both:
        raise NoneWaits(
            "Nothing was approved: none of the plans that you chose is still waiting. "
            "Review the list again."
        )
    rows = Run.objects.filter(number__in=sorted(both)[:AT_ONCE]).order_by("number")
    runs = list(rows.select_related("account"))
    plan = plan_of(runs[0])
    return Read(both, group_in_words(plan), asks_for_test_of_any(runs, plan))


def first_runs(numbers: list[int]) -> dict[int, Run]:
    """Read the first run of each group, with what is said of all its plans."""
    steps = Prefetch("steps", Step.objects.defer("before", "after"))
    rows = Run.objects.filter(number__in=numbers).select_related("account")
    found = rows.prefetch_related(steps, "account__providers")
    return {run.number: run for run in found}


def traits_of(run: Run) -> dict[str, str]:
    """Return what its plan has: in words, by what exactly it is. Neither has a word
    that only this account has, unless a person wrote it.
    """
    own: dict[str, str] = {}
    if account := run.account:
        ids = {account.account_id, account.spinnakers_external_id}
        ids -= {"", account.own_external_id}
        own = dict.fromkeys(ids, "own")
    return {neutral(exact, own): of_each(says, own) for exact, says in traits(run)}


def of_each(says: str, own: Mapping[str, str]) -> str:
    """Say it of every account of a group: “own external ID” instead of one's."""
    called, _, value = says.partition(": ")
    if value in own:
        return f"own {called}"
    return neutral(says, own).replace("\0own\0", "…")


def traits(run: Run) -> Iterator[tuple[str, str]]:
    for entry in entry_changes_of(run):
        for name, value in sorted(entry.document.items()):
            if name not in SAID_ANYWAY:
                yield f"{name} {json.dumps(value)}", in_words(name, value)
    for step in run.steps.all():
        exact = (step.kind, step.name, step.verb, step.removed, step.added)
        yield json.dumps(exact), f"{step.verb} {step.kind} {step.name}"


SAID_ANYWAY = (*NAMES, *TOLD_APART, "permissions", "provider", "lambda_enabled")
"""What each group says: how many accounts with which providers in which environments,
and their READ and WRITE.
"""

CALLED = {
    "access_policy": "EKS access policy",
    "account_id": "account ID",
    "assume_role": "role",
    "bakes_images": "bakes images",
    "by_access_entry": "EKS access entry",
    "carried": "other settings of Spinnaker",
    "cloudformation": "CloudFormation",
    "external_id": "external ID",
    "primary_account": "the managing account",
    "principal": "identity in the cluster",
    "regions": "Regions",
}
"""What people call a field, where it isn't its name."""


def in_words(name: str, value: object) -> str:
    """Say what a field is called, and its value where that is short."""
    called = CALLED.get(name, name.replace("_", " "))
    match value:
        case True | False:
            return f"{called}: {'on' if value else 'off'}"
        case str():
            return f"{called}: {value or 'none'}"
        case [*texts] if all(isinstance(text, str) for text in texts):
            return f"{called}: {', '.join(map(str, texts)) or 'none'}"
        case {**fields}:
            return f"{called}: {', '.join(map(str, fields))}"
    return called


def told_apart(traits: Mapping[str, str], shared: Container[str]) -> list[str]:
    """Say the first of what not every group has, each once."""
    says = dict.fromkeys(said for exact, said in traits.items() if exact not in shared)
    return [*says][:MOST_TRAITS]


def granted_by(runs: RunQuerySet, fingerprints: list[str]) -> dict[str, list[str]]:
    """Say of each of these groups which READ and WRITE its accounts have, by the first
    name of each in Spinnaker: one query, and few rows.
    """
    rows = runs.filter(fingerprint__in=fingerprints).order_by()
    counted = rows.values_list("fingerprint", "entries__after__0__permissions")
    found: dict[str, dict[str, Counter[str]]] = {}
    for fingerprint, permissions, count in counted.annotate(count=Count("pk")):
        for which, groups in (permissions or {}).items():
            counts = found.setdefault(fingerprint, {}).setdefault(which, Counter())
            others = {**permissions, which: ()}.values()
            counts[listed(groups) or people((), [*filter(None, others)])] += count
    return {
        fingerprint: [f"{it.upper()}: {in_numbers(of_group[it])}" for it in of_group]
        for fingerprint, of_group in found.items()
    }


def in_numbers(counts: Counter[str]) -> str:
    """Say the value of all, or count the accounts of each: “sre (12), team-a (1)”."""
    if len(counts) == 1:
        return "".join(counts)
    said = [f"{value} ({count:,})" for value, count in counts.most_common()]
    return first_of(said, MOST_TRAITS)


def providers_of(run: Run) -> list[str]:
    """Name the providers of its account."""
    keys = {one.key for one in run.account.providers.all()} if run.account else ()
    return [one.title for key, one in PROVIDERS.items() if key in keys]


def environments_of(
    runs: RunQuerySet, fingerprints: list[str]
) -> dict[str, dict[str, int]]:
    """Count the accounts of each of these groups by environment."""
    found: dict[str, dict[str, int]] = {}
    rows = runs.filter(fingerprint__in=fingerprints).exclude(account=None).order_by()
    counted = rows.values_list("fingerprint", "account__environment")
    for fingerprint, name, count in counted.annotate(count=Count("pk")):
        found.setdefault(fingerprint, {})[name] = count
    return found
