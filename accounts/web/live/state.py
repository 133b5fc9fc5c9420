"""The state of what a page shows: whether it moves, and a small version to compare.

The version is made of what is cheap to read: numbers that only grow, and counts. It may
change although the page would be the same, and never stays where the page would differ
by what a worker did, or by workers that stopped.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self
from uuid import UUID

from django.db.models import Count, QuerySet

from accounts.models import (
    Activity,
    Bundle,
    CheckResult,
    Delivery,
    ManagedAccount,
    ManagingAccount,
    Rollout,
    Run,
    Step,
)
from accounts.models.states import WORKING, State, Status
from accounts.runs.rollouts.census import Census
from accounts.web.live.progress import Progress, progress_of, work_of
from accounts.work.heartbeat import Silence, silence

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RUN_EVERY, LIST_EVERY = 1000, 2000
"""Milliseconds between two looks at one run, and at everything."""
OWNER_EVERY = 10_000
"""Where a run waits for an owner: Bowline itself looks every half minute at most."""

TOKEN = re.compile(r"([0-9a-f]{16})\.(\d{1,16})\.(\d{1,16})\.(\d{1,9})")


class Tab(NamedTuple):
    """What a browser's tab says in front of the title, and the icon it has."""

    word: str = ""
    icon: str = "mark"


PLAIN = Tab()
WORKS = Tab("Working", "mark-working")
WAITS = Tab("Needs approval", "mark-waiting")
FAILED = Tab("Failed", "mark-failed")
DONE = Tab("Done", "mark-done")
TABS: dict[str, Tab] = {
    **dict.fromkeys(WORKING, WORKS),
    Status.PLANNED: WAITS,
    Status.FAILED: FAILED,
    Status.ERRORED: FAILED,
    Status.VERIFIED: DONE,
    Status.EVALUATED: DONE,
    Status.REMOVED: DONE,
}

DELIVERY_TABS: dict[str, Tab] = {
    **dict.fromkeys(Delivery.WORKING, WORKS),
    Delivery.Status.PLANNED: WAITS,
    Delivery.Status.FAILED: FAILED,
    Delivery.Status.OUTDATED: FAILED,
    Delivery.Status.LOADED: DONE,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page has shown: the version that it sends along when it asks again."""

    digest: str = ""
    moved: int = 0
    """When a run moved last, in microseconds since 1970."""
    began: int = 0
    """When the first of the runs that are worked on began; 0: none is."""
    building: int = 0
    """The number of the bundle that is being built; 0: none is."""

    def __str__(self) -> str:
        return f"{self.digest}.{self.moved}.{self.began}.{self.building}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read what `str` wrote; None where somebody else did."""
        found = TOKEN.fullmatch(text)
        if found is None:
            return None
        digest, *numbers = found.groups()
        return cls(digest, *(int(number) for number in numbers))


@dataclass(frozen=True, slots=True)
class Live:
    of: str
    """What it is about: `site`, or a kind and a key, as in `run:…`."""
    seen: Seen
    runs: QuerySet[Run]
    tab: Tab = PLAIN
    every: int = 0
    """Milliseconds until a page looks again; 0: nothing moves."""
    progress: Progress | None = None
    silence: Silence | None = None
    """Nobody answers what moves; None where nothing moves."""
    reloads: bool = False
    """Whether the page is now another one, with other scripts."""

    @property
    def icon(self) -> str:
        return f"{self.tab.icon}.svg"


def microseconds(moment: datetime | None) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) if moment else 0


def moment_of(count: int) -> datetime:
    return EPOCH + timedelta(microseconds=count)


def digest_of(*facts: Any) -> str:
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def last_moved(runs: QuerySet[Run]) -> datetime | None:
    moved = runs.filter(moved_at__isnull=False).order_by("-moved_at")
    return moved.values_list("moved_at", flat=True).first()


def live_site() -> Live:
    """Look at all accounts, runs and bundles."""
    runs = Run.objects.all()
    work, moved = work_of(runs), last_moved(runs)
    number, status = newest_bundle()
    building = number if status == Bundle.Status.BUILDING else 0
    is_moving = bool(work.working or building)
    silent = silence() if is_moving else None
    facts = (
        silent,
        runs.order_by("-number").values_list("number", flat=True).first(),
        Activity.objects.values_list("number", flat=True).first(),
        sorted(work.statuses.items()),
        (number, status),
        moved,
    )
    return Live(
        of="site",
        seen=Seen(
            digest_of(*facts), microseconds(moved), microseconds(work.began), building
        ),
        runs=runs,
        tab=WORKS if is_moving else PLAIN,
        every=LIST_EVERY if is_moving else 0,
        progress=progress_of(runs, work),
        silence=silent,
    )


def newest_bundle() -> tuple[int, str]:
    rows = Bundle.objects.order_by("-number").values_list("number", "status")
    return rows.first() or (0, "")


def live_run(run: Run) -> Live:
    steps = Step.objects.filter(run=run).order_by().values("status")
    silent = silence() if run.is_working else None
    waits = run.status == Status.HANDED_OFF
    facts = (
        silent,
        run.status,
        run.waiting,
        run.look_at,
        sorted(steps.annotate(count=Count("pk")).values_list("status", "count")),
        CheckResult.objects.filter(run=run).count(),
        run.moved_at,
        run.account and run.account.version,
        run.account and run.account.accepted_at,
        ManagingAccount.objects.values_list("version", flat=True).first(),
    )
    began = (run.approved_at or run.created_at) if run.is_working else None
    return Live(
        of=f"run:{run.pk}",
        seen=Seen(digest_of(*facts), microseconds(run.moved_at), microseconds(began)),
        runs=Run.objects.filter(pk=run.pk),
        tab=TABS.get(run.status, PLAIN),
        every=OWNER_EVERY if waits else RUN_EVERY if run.is_working else 0,
        silence=silent,
        reloads=not run.is_working,
    )


def live_account(account: ManagedAccount) -> Live:
    runs = Run.objects.filter(account=account)
    work, moved = work_of(runs), last_moved(runs)
    silent = silence() if work.working else None
    facts = (
        silent,
        account.version,
        account.state,
        account.verified_at,
        account.accepted_at,
        account.left_out_at,
        account.bundles.count(),
        runs.values_list("number", "waiting", "look_at").first(),
        moved,
    )
    is_open = next(iter(work.statuses), "")
    waits = is_open == Status.HANDED_OFF
    return Live(
        of=f"account:{account.pk}",
        seen=Seen(digest_of(*facts), microseconds(moved), microseconds(work.began)),
        runs=runs,
        tab=TABS.get(is_open, FAILED if account.state == State.FAILED else PLAIN),
        every=OWNER_EVERY if waits else LIST_EVERY if work.working else 0,
        silence=silent,
    )


def live_rollout(rollout: Rollout) -> Live:
    """Look at all its runs at once, the managing account's too."""
    runs = Run.objects.filter(rollout=rollout)
    work, moved = work_of(runs), last_moved(runs)
    census = Census(rollout)
    states = Rollout.State
    goes_on = rollout.state in (states.PLANNING, states.APPLYING, states.VERIFYING)
    waits = rollout.state == states.PLANNED
    # Its state says so only once a worker has seen the approval.
    starts = waits and census.counts.approved > 0
    is_moving = bool(work.working or goes_on or starts)
    silent = silence() if is_moving else None
    facts = (
        silent,
        rollout.state,
        rollout.reason,
        sorted(work.statuses.items()),
        sorted(census.statuses.items()),
        moved,
    )
    return Live(
        of=f"rollout:{rollout.pk}",
        seen=Seen(digest_of(*facts), microseconds(moved), microseconds(work.began)),
        runs=runs,
        tab=WORKS if is_moving else WAITS if waits else PLAIN,
        every=LIST_EVERY if is_moving else 0,
        silence=silent,
    )


def live_bundle(bundle: Bundle) -> Live:
    is_building = bundle.status == Bundle.Status.BUILDING
    silent = silence() if is_building else None
    facts = (silent, bundle.number, bundle.status, bundle.installed_at)
    failed = bundle.status == Bundle.Status.FAILED
    return Live(
        of=f"bundle:{bundle.number}",
        seen=Seen(digest_of(*facts), building=bundle.number if is_building else 0),
        runs=Run.objects.none(),
        tab=WORKS if is_building else FAILED if failed else PLAIN,
        every=LIST_EVERY if is_building else 0,
        silence=silent,
    )


def live_delivery(delivery: Delivery) -> Live:
    silent = silence() if delivery.is_working else None
    facts = (
        silent,
        delivery.status,
        delivery.waiting,
        delivery.look_at,
        tuple(delivery.progress),
    )
    return Live(
        of=f"delivery:{delivery.number}",
        seen=Seen(digest_of(*facts)),
        runs=Run.objects.none(),
        tab=DELIVERY_TABS.get(delivery.status, PLAIN),
        every=LIST_EVERY if delivery.is_working else 0,
        silence=silent,
        reloads=not delivery.is_working,
    )


def run_of(key: str) -> Live:
    runs = Run.objects.select_related("account").defer("traceback", "entries")
    return live_run(runs.get(pk=UUID(key)))


def account_of(key: str) -> Live:
    return live_account(ManagedAccount.objects.defer("proved").get(pk=UUID(key)))


def rollout_of(key: str) -> Live:
    return live_rollout(Rollout.objects.get(pk=int(key)))


def bundle_of(key: str) -> Live:
    return live_bundle(Bundle.objects.light().get(number=int(key)))


def delivery_of(key: str) -> Live:
    return live_delivery(Delivery.objects.light().get(number=int(key)))


LOOKS: dict[str, Callable[[str], Live]] = {
    "site": lambda key: live_site(),
    "run": run_of,
    "account": account_of,
    "bundle": bundle_of,
    "delivery": delivery_of,
    "rollout": rollout_of,
}


def look(of: str) -> Live | None:
    """Look at what a page shows; None where there is no such thing."""
    kind, _, key = of.partition(":")
    try:
        return LOOKS[kind](key)
    except (KeyError, ValueError, Run.DoesNotExist, ManagedAccount.DoesNotExist):
        return None
    except (Bundle.DoesNotExist, Delivery.DoesNotExist, Rollout.DoesNotExist):
        return None
