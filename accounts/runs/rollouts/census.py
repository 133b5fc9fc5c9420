"""How far the accounts of a rollout are, in waves, and what failed by cause."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now

from accounts.mapping.managing import managing_row
from accounts.models import CheckResult, ManagedAccount, Rollout, Run
from accounts.models.runs import RunQuerySet
from accounts.models.states import OPEN, UNSUCCESSFUL, WORKING, State, Status
from accounts.runs.deciding.approving import open_managing_run
from accounts.runs.results import is_as_approved, reached_account, results_of
from accounts.wording import counted
from onboarding.verify.result import Located

REST = 3
"""The last wave, which takes whatever is left."""

TRY_FIRST = (
    "Wave {} is done. Deploy with Spinnaker in its accounts, verify them again, and "
    "resume the rollout."
)
FEW = 10
"""Of fewer accounts, each one that fails would be over the usual limit of a wave."""


@dataclass(frozen=True, slots=True)
class Wave:
    """How many of the accounts that were started in it are how far."""

    working: int = 0
    good: int = 0
    failed: int = 0
    tolerated: int = 0
    """Of those that failed: known when a person resumed the rollout."""
    known: int = 0
    """Of all: how far they are was known then."""
    carried: int = 0
    """Of those that are working: a thread of a worker has them now."""

    @property
    def started(self) -> int:
        return self.working + self.good + self.failed

    @property
    def counted(self) -> int:
        """Count the failures that may stop it."""
        return self.failed - self.tolerated


@dataclass(frozen=True, slots=True)
class Counts:
    undecided: int = 0
    """Still planned, or waiting for approval."""
    approved: int = 0
    """Waiting for their wave."""
    waves: tuple[Wave, Wave, Wave] = (Wave(), Wave(), Wave())
    in_common: str | None = None
    """What failed and may concern other accounts, in a sentence; empty: nothing. None:
    whatever failed counts, by the settings.
    """

    @property
    def total(self) -> int:
        return self.undecided + self.approved + sum(w.started for w in self.waves)

    @property
    def working(self) -> int:
        return sum(wave.working for wave in self.waves)

    @property
    def carried(self) -> int:
        return sum(wave.carried for wave in self.waves)

    @property
    def failed(self) -> int:
        """Count the failures that may stop it."""
        return sum(wave.counted for wave in self.waves)


@dataclass(frozen=True, slots=True)
class Next:
    wave: int
    """The wave that is in progress, or begins now."""
    start: int = 0
    """How many of the approved accounts to start in it now."""
    pause: str = ""
    """Why nothing more is to be started until a person resumes; empty: continue."""


def size(wave: int, rollout: Rollout, total: int) -> int:
    """Say how many accounts a wave has; the last one has room for all."""
    if wave == 1:
        return rollout.first_wave
    if wave == REST:
        return total
    return max(1, -(-total * rollout.second_percent // 100))


def next_step(counts: Counts, rollout: Rollout) -> Next:
    """Decide what to start now. Where existing roles are taken over, a person resumes
    it after each wave.
    """
    begun = [place for place, wave in enumerate(counts.waves, 1) if wave.started]
    number = max(begun, default=1)
    if reason := failures(number, counts, rollout):
        return Next(number, pause=reason)
    wave = counts.waves[number - 1]
    room = size(number, rollout, counts.total) - wave.started
    if room <= 0 and not wave.working and number < REST:
        if rollout.take_over and wave.known < wave.started:
            return Next(number, pause=TRY_FIRST.format(number))
        number += 1
        room = size(number, rollout, counts.total)
    free = most_at_once(counts, rollout) - counts.working
    return Next(number, start=max(0, min(room, free, counts.approved)))


def most_at_once(counts: Counts, rollout: Rollout) -> int:
    """Say how many accounts may be in progress: unless a person chose that, more where
    workers have threads for them. As workers show how many they have only by what they
    carry, that is a quarter more: some wait for each thread that becomes free, and a
    pause has few to wait for.
    """
    if rollout.at_once != Rollout.AT_ONCE:
        return rollout.at_once
    return max(rollout.at_once, -(-counts.carried * 5 // 4))


def failures(number: int, counts: Counts, rollout: Rollout) -> str:
    """Say which limit the failures have reached; empty: none."""
    if counts.in_common is not None:
        return counts.in_common
    if reason := too_many(counts, rollout.most_failures):
        return reason
    wave = counts.waves[number - 1]
    left = counts.total - sum(one.started for one in counts.waves[: number - 1])
    planned = min(size(number, rollout, counts.total), left)
    of = max(wave.started, planned)
    if wave.counted and wave.counted * 100 >= rollout.failure_percent * of:
        failed = counted(wave.counted, "failed account")
        limit = f"the limit of {rollout.failure_percent}%"
        return f"{failed} of {of:,} in wave {number} reached {limit}."
    return ""


def too_many(counts: Counts, most: int) -> str:
    """Say that this number of accounts has failed; empty: fewer have."""
    if counts.failed < most:
        return ""
    return f"{counted(counts.failed, 'failed account')} reached the limit of {most:,}."


GOOD = (Status.VERIFIED, Status.EVALUATED, Status.REMOVED)
SETTLED = (*GOOD, Status.HANDED_OFF)
"""No wave waits for these: a rollout has done its part once an account is handed off.
"""
COMING = tuple(status for status in OPEN if status not in SETTLED)


class Group(NamedTuple):
    wave: int | None
    status: str
    accounts: int
    known: int
    """Of these, how many were so when a person resumed the rollout."""
    carried: int
    """And how many a worker has now."""


def runs_of(*rollouts: Rollout) -> RunQuerySet:
    """Find the newest run of each account of these rollouts."""
    runs = Run.objects.filter(rollout__in=rollouts, retried=False)
    return runs.exclude(kind=Run.Kind.MANAGING)


def accounts_of(*runs: RunQuerySet) -> Iterator[UUID]:
    """Yield the keys of their accounts, which are not read before somebody asks."""
    for some in runs:
        keys = some.order_by().values_list("account_id", flat=True)
        yield from (key for key in keys if key is not None)


def managing_run(rollout: Rollout) -> Run | None:
    """Find the run of the managing account that comes first."""
    return managing_runs(rollout).first()


def managing_runs(*rollouts: Rollout) -> RunQuerySet:
    runs = Run.objects.filter(rollout__in=rollouts, retried=False)
    return runs.filter(kind=Run.Kind.MANAGING)


def comes_after(rollout: Rollout) -> Run | None:
    """Find the run of the managing account that a rollout waits for before it can plan
    that account itself; None where it waits for none.
    """
    if rollout.has_ended or not rollout.has_waves or managing_run(rollout):
        return None
    return open_managing_run()


def is_ready(run: Run | None) -> bool:
    """Return whether accounts may be applied after this run of the managing account.

    A check of the managing account that failed says nothing of any other account; but
    nothing is removed before its list is known to be what was approved.
    """
    if run is None or run.status in GOOD:
        return True
    if run.status != Status.FAILED:
        return False
    if run.rollout and run.rollout.kind == Rollout.Kind.REMOVE:
        return is_as_approved(run)
    return reached_account(run)


def groups_by_rollout(rollouts: Collection[Rollout]) -> dict[int, list[Group]]:
    """Count the accounts of all these rollouts in one query."""
    rows = runs_of(*rollouts).order_by().values_list("rollout", "wave", "status")
    known = Q(moved_at__lte=F("rollout__resumed_at"))
    counted = rows.annotate(
        accounts=Count("pk"),
        known=Count("pk", filter=known),
        carried=Count("pk", filter=Q(leased_until__gt=Now())),
    )
    found: dict[int, list[Group]] = {}
    for number, *group in counted:
        found.setdefault(number, []).append(Group(*group))
    return found


class Census:
    """The runs of accounts by wave and status."""

    def __init__(
        self, rollout: Rollout, counted: Mapping[int, list[Group]] | None = None
    ) -> None:
        """Count them, unless they were `counted` with those of other rollouts."""
        found = groups_by_rollout([rollout]) if counted is None else counted
        self.groups = found.get(rollout.pk, [])
        self.statuses: Counter[str] = Counter()
        for group in self.groups:
            self.statuses[group.status] += group.accounts

    @property
    def total(self) -> int:
        """Count the accounts, without those whose plans were discarded."""
        return self.statuses.total() - self.statuses[Status.DISCARDED]

    @property
    def open(self) -> int:
        return sum(self.statuses[status] for status in COMING)

    @property
    def good(self) -> int:
        return sum(self.statuses[status] for status in GOOD)

    @property
    def failed(self) -> int:
        return sum(self.statuses[status] for status in UNSUCCESSFUL)

    def wave(self, number: int | None) -> Wave:
        """Count the accounts of a wave; None: those that are in none yet."""
        mine = [group for group in self.groups if group.wave == number]
        failed = [group for group in mine if group.status in UNSUCCESSFUL]
        return Wave(
            working=sum(g.accounts for g in mine if g.status in WORKING),
            good=sum(g.accounts for g in mine if g.status in SETTLED),
            failed=sum(group.accounts for group in failed),
            tolerated=sum(group.known for group in failed),
            known=sum(group.known for group in mine),
            carried=sum(g.carried for g in mine if g.status in WORKING),
        )

    @property
    def counts(self) -> Counts:
        undecided = self.statuses[Status.PLANNING] + self.statuses[Status.PLANNED]
        first, second, rest = (self.wave(number) for number in range(1, REST + 1))
        return Counts(undecided, self.statuses[Status.APPROVED], (first, second, rest))


MOST_READ = 1_000
"""The newest failures that are grouped: to read more would slow the page."""

MOST_NAMED = 5
"""The most accounts of one cause that are named."""

EDITED = "It was edited after it was planned."

OF_ACCOUNT = re.compile(
    r"\b(?:[a-z]{1,8}-(?:[0-9a-f]{8}|[0-9a-f]{17})|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b"
)
"""An id that AWS gives to something of one account (`subnet-…`, `sg-…`), and a UUID:
an external ID, a key, or that of a request.
"""


class Cause(NamedTuple):
    runs: list[Run]
    """Those that failed for it, the newest first."""
    message: str
    """As AWS or Bowline said it, with “…” for what each account has of its own."""
    fix: str

    @property
    def accounts(self) -> int:
        return len(self.runs)

    @property
    def named(self) -> list[Run]:
        return self.runs[:MOST_NAMED]

    @property
    def more(self) -> int:
        """Count those that are not named."""
        return len(self.runs) - len(self.named)

    @property
    def account_ids(self) -> list[str]:
        return [run.account.account_id for run in self.runs if run.account]


def cause_of(same: list[Run]) -> Cause:
    first, *others = same
    if others:
        return Cause(same, *cause(first))
    return Cause(same, message_of(first), fix_of(first))


def causes_of(rollout: Rollout) -> list[Cause]:
    """Group the rollout's failures, the most frequent cause first."""
    return causes_in(runs_of(rollout).filter(status__in=UNSUCCESSFUL))


def causes_now() -> list[Cause]:
    """Group the accounts that are failed now, by the newest run that failed."""
    newest = Run.objects.filter(account=OuterRef("pk"), status__in=UNSUCCESSFUL)
    failed = ManagedAccount.objects.filter(state=State.FAILED).values_list(
        Subquery(newest.order_by("-number").values("pk")[:1])
    )
    return causes_in(Run.objects.filter(pk__in=failed))


READ = (
    *("number", "account_name", "error", "status"),
    *("account__account_id", "account__also_as"),
)


def causes_in(failed: QuerySet[Run]) -> list[Cause]:
    """Group the newest of these, the most frequent cause first."""
    runs = (
        failed.order_by("-moved_at")
        .select_related("account")
        .only(*READ)
        .prefetch_related("account__providers")
    )
    found = [cause_of(same) for same in by_cause(runs[:MOST_READ])]
    return sorted(found, key=lambda one: -one.accounts)


def by_cause(runs: Iterable[Run]) -> list[list[Run]]:
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault(cause(run), []).append(run)
    return [*groups.values()]


def in_common(rollout: Rollout) -> str:
    """Say what failed in a wave, since it was last resumed, and may concern accounts
    that have not failed: a cause that two share, or one that is not the account's own.
    Empty: nothing.
    """
    failed = runs_of(rollout).filter(status__in=UNSUCCESSFUL, wave__isnull=False)
    if rollout.resumed_at:
        failed = failed.filter(moved_at__gt=rollout.resumed_at)
    failed = failed.select_related("account").prefetch_related("account__providers")
    for same in by_cause(failed.order_by("moved_at")):
        if len(same) > 1:
            return f"{counted(len(same))} failed for the same reason."
        if not is_own(same[0]):
            name = same[0].account_name
            return f"{name} failed for a reason that might also affect other accounts."
    return ""


def is_own(run: Run) -> bool:
    """Return whether what failed is about this account and not the managing one."""
    error = run.error or {}
    own = run.account.account_id if run.account else ""
    managing = managing_row().account_id
    if where := error.get("account"):
        return bool(where == own != managing)
    said = f"{message_of(run)} {fix_of(run)}"
    if run.status == Status.OUTDATED or names(said, own, run.account_name):
        return True
    failed = CheckResult.Outcome.FAILED
    checks = (one for one in results_of(run) if one.outcome == failed)
    first = next(checks, None)
    return (
        first is not None
        and first.located != Located.BOWLINE
        and not names(said, managing)
    )


def names(text: str, *whole: str) -> bool:
    """Return whether the text has one of these, and not as a part of another word."""
    words = "|".join(re.escape(one) for one in whole if one)
    return bool(words and re.search(rf"(?<![\w-])(?:{words})(?![\w-])", text))


def cause(run: Run) -> tuple[str, str]:
    """Write what happened and its fix without what only this account has."""
    return without_own(run, message_of(run)), without_own(run, fix_of(run))


def without_own(run: Run, text: str) -> str:
    for own in sorted(own_words(run), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(own)}(?!\w)", "…", text)
    return OF_ACCOUNT.sub("…", text)


def own_words(run: Run) -> set[str]:
    """Return the IDs and names that only this run and its account have, in AWS and in
    Spinnaker.
    """
    words = {str((run.error or {}).get("account", "")), run.account_name, run.reference}
    if account := run.account:
        clusters = (
            cluster
            for provider in account.providers.all()
            for cluster in provider.details.get("clusters", ())
        )
        words |= {account.account_id, *(one["name"] for one in account.also_as)}
        words |= {one.get(name, "") for one in clusters for name in CLUSTER_NAMES}
    return words - {""}


CLUSTER_NAMES = ("name", "account_name")
"""What a cluster is called in AWS, and in Spinnaker where someone chose that."""


def message_of(run: Run) -> str:
    return str((run.error or {}).get("message") or EDITED)


def fix_of(run: Run) -> str:
    return str((run.error or {}).get("hint") or "Retry the failed accounts.")
