"""The state of what a page shows: whether it moves, and a small version to compare.

The version is made of what is cheap to read: numbers that only grow, and counts. It may
change although the page would be the same, and never stays where the page would differ
by what a worker did, or by workers that stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self

from django.core.signing import BadSignature, Signer
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
from accounts.web.live.endings import Ending
from accounts.web.live.progress import Progress, progress_of, work_of
from accounts.work.heartbeat import Silence

RUN_EVERY, LIST_EVERY = 1000, 2000
"""Milliseconds between two looks at one run, and at everything."""
OWNER_EVERY = 10_000
"""Where a run waits for an owner: Bowline itself looks every half minute at most."""


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


class PageState(NamedTuple):
    """What a page has shown, which it sends along when it asks again: the version, and
    three facts of Live.
    """

    digest: str
    moved: str
    began: str
    building: int

    def __str__(self) -> str:
        return Signer().sign_object(self)

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read what `str` wrote; None where somebody else did."""
        try:
            return cls(*Signer().unsign_object(text))
        except BadSignature:
            return None


@dataclass(frozen=True, slots=True)
class Live:
    """What a page shows, as a view looks at it; `watched` adds what comes last."""

    facts: tuple[Any, ...]
    """All that its version is made of."""
    runs: QuerySet[Run]
    tab: Tab
    every: int
    """Milliseconds until a page looks again; 0: nothing moves."""
    moved: datetime | None = None
    """When a run moved last."""
    began: datetime | None = None
    """When the first of the runs that are worked on began; None: none is."""
    building: int = 0
    """The number of the bundle that is being built; 0: none is."""
    progress: Progress | None = None
    reloads: bool = False
    """Whether the page is now another one, with other scripts."""
    shows_endings: bool = False
    """Whether the page itself says what ended, so that no toast repeats it."""
    silence: Silence | None = None
    """Nobody answers what moves; None where nothing moves."""
    seen: PageState | None = None
    endings: tuple[Ending, ...] = ()
    """What ended since the page was shown before."""

    @property
    def icon(self) -> str:
        return f"{self.tab.icon}.svg"


def last_moved(runs: QuerySet[Run]) -> datetime | None:
    moved = runs.filter(moved_at__isnull=False).order_by("-moved_at")
    return moved.values_list("moved_at", flat=True).first()


def live_site() -> Live:
    """Look at all accounts, runs and bundles."""
    runs = Run.objects.all()
    work = work_of(runs)
    number, status = newest_bundle()
    building = number if status == Bundle.Status.BUILDING else 0
    is_moving = bool(work.working or building)
    return Live(
        facts=(
            runs.order_by("-number").values_list("number", flat=True).first(),
            Activity.objects.values_list("number", flat=True).first(),
            sorted(work.statuses.items()),
            (number, status),
        ),
        moved=last_moved(runs),
        began=work.began,
        building=building,
        runs=runs,
        tab=WORKS if is_moving else PLAIN,
        every=LIST_EVERY if is_moving else 0,
        progress=progress_of(runs, work),
    )


def newest_bundle() -> tuple[int, str]:
    rows = Bundle.objects.order_by("-number").values_list("number", "status")
    return rows.first() or (0, "")


def live_run(run: Run) -> Live:
    steps = Step.objects.filter(run=run).order_by().values("status")
    waits = run.status == Status.HANDED_OFF
    return Live(
        facts=(
            run.status,
            run.waiting,
            run.look_at,
            sorted(steps.annotate(count=Count("pk")).values_list("status", "count")),
            CheckResult.objects.filter(run=run).count(),
            run.account and run.account.version,
            run.account and run.account.accepted_at,
            ManagingAccount.objects.values_list("version", flat=True).first(),
        ),
        moved=run.moved_at,
        began=(run.approved_at or run.created_at) if run.is_working else None,
        runs=Run.objects.filter(pk=run.pk),
        shows_endings=True,
        tab=TABS.get(run.status, PLAIN),
        every=OWNER_EVERY if waits else RUN_EVERY if run.is_working else 0,
        reloads=not run.is_working,
    )


def live_account(account: ManagedAccount) -> Live:
    runs = Run.objects.filter(account=account)
    work = work_of(runs)
    is_open = next(iter(work.statuses), "")
    waits = is_open == Status.HANDED_OFF
    return Live(
        facts=(
            account.version,
            account.state,
            account.verified_at,
            account.accepted_at,
            account.excluded_at,
            account.bundles.count(),
            runs.values_list("number", "waiting", "look_at").first(),
        ),
        moved=last_moved(runs),
        began=work.began,
        runs=runs,
        shows_endings=True,
        tab=TABS.get(is_open, FAILED if account.state == State.FAILED else PLAIN),
        every=OWNER_EVERY if waits else LIST_EVERY if work.working else 0,
    )


def live_rollout(rollout: Rollout) -> Live:
    """Look at all its runs at once, the managing account's too."""
    runs = Run.objects.filter(rollout=rollout)
    work, census = work_of(runs), Census(rollout)
    states = Rollout.State
    goes_on = rollout.state in (states.PLANNING, states.APPLYING, states.VERIFYING)
    waits = rollout.state == states.PLANNED
    # Its state says so only once a worker has seen the approval.
    starts = waits and census.counts.approved > 0
    is_moving = bool(work.working or goes_on or starts)
    return Live(
        facts=(
            rollout.state,
            rollout.reason,
            sorted(work.statuses.items()),
            sorted(census.statuses.items()),
        ),
        moved=last_moved(runs),
        began=work.began,
        runs=runs,
        shows_endings=True,
        tab=WORKS if is_moving else WAITS if waits else PLAIN,
        every=LIST_EVERY if is_moving else 0,
    )


def live_bundle(bundle: Bundle) -> Live:
    is_building = bundle.status == Bundle.Status.BUILDING
    failed = bundle.status == Bundle.Status.FAILED
    return Live(
        facts=(
            bundle.number,
            bundle.status,
            bundle.installed_at,
        ),
        building=bundle.number if is_building else 0,
        runs=Run.objects.none(),
        shows_endings=True,
        tab=WORKS if is_building else FAILED if failed else PLAIN,
        every=LIST_EVERY if is_building else 0,
    )


def live_delivery(delivery: Delivery) -> Live:
    return Live(
        facts=(
            delivery.status,
            delivery.waiting,
            delivery.look_at,
            tuple(delivery.progress),
        ),
        runs=Run.objects.none(),
        shows_endings=True,
        tab=DELIVERY_TABS.get(delivery.status, PLAIN),
        every=LIST_EVERY if delivery.is_working else 0,
        reloads=not delivery.is_working,
    )
