"""What a page shows of work in progress, and what it hears when it asks for itself
again: nothing, or all, with what ended.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self

from django.core.signing import BadSignature, Signer
from django.db.models import Count, Min, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin
from django_htmx.http import HttpResponseClientRefresh, HttpResponseStopPolling

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
from accounts.models.states import (
    FAILURES,
    OPEN,
    UNSUCCESSFUL,
    WORKING,
    State,
    Status,
    word_of,
)
from accounts.runs.rollouts.census import GOOD, Census
from accounts.work.heartbeat import Silence, silence

MINUTE, HOUR = 60, 3600


@dataclass(frozen=True, slots=True)
class Progress:
    """Runs that are worked on, with those that ended since the first of them began."""

    done: int
    total: int
    seconds_left: float | None = None
    """None: nothing ended yet that it could be estimated from."""
    only_plans: bool = False
    """All that is worked on ends with a plan, which a person reads then."""
    waiting: int = 0
    """Others of the same rollouts, which no time is known of."""

    @property
    def counted(self) -> str:
        return f"{self.done:,} of {self.total:,}"

    @property
    def left(self) -> str:
        """Say how long it will still take, or what it waits for; empty where that
        cannot be estimated.
        """
        if self.waiting:
            return f"{self.waiting:,} wait for approval, an owner, or their wave"
        if self.seconds_left is None:
            return ""
        what = " to plan" if self.only_plans else ""
        if self.seconds_left < MINUTE:
            return f"less than a minute left{what}"
        if self.seconds_left < HOUR:
            return f"about {round(self.seconds_left / MINUTE)} min left{what}"
        return f"about {round(self.seconds_left / HOUR)} h left{what}"


@dataclass(frozen=True, slots=True)
class Work:
    """The open runs by status, and when the first that is worked on began."""

    statuses: Mapping[str, int]
    began: datetime | None

    @property
    def working(self) -> int:
        return sum(self.statuses.get(status, 0) for status in WORKING)

    @property
    def only_plans(self) -> bool:
        return self.working == self.statuses.get(Status.PLANNING, 0)


def work_of(runs: QuerySet[Run]) -> Work:
    """Count the open ones among these runs."""
    rows = runs.filter(status__in=OPEN).order_by().values_list("status")
    statuses = dict(rows.annotate(count=Count("pk")))
    # Who is approved waits for a wave, or a pause: that is no work.
    if not statuses.keys() & {*WORKING}:
        return Work(statuses, None)
    began = Min(Coalesce("steps__started_at", "moved_at", "created_at"))
    working = runs.filter(status__in=WORKING).aggregate(began=began)
    return Work(statuses, working["began"])


def ended_since(runs: QuerySet[Run], moment: datetime) -> QuerySet[Run]:
    """Keep those that came to an end, or to a plan, since then."""
    return runs.filter(moved_at__gt=moment).exclude(
        status__in=(*WORKING, Status.APPROVED, Status.DISCARDED)
    )


def progress_of(runs: QuerySet[Run], work: Work) -> Progress | None:
    """Say how far a batch is; None where fewer than two runs make one."""
    if work.began is None:
        return None
    waiting = 0 if work.only_plans else waiting_with(runs, work)
    ended = ended_since(runs, work.began)
    done = (ended.exclude(status__in=WAITING) if waiting else ended).count()
    if done + work.working < 2:
        return None
    elapsed = timezone.now() - work.began
    return Progress(
        done,
        done + work.working,
        seconds_left(done, work.working, elapsed),
        only_plans=work.only_plans,
        waiting=waiting,
    )


WAITING = (Status.PLANNED, Status.APPROVED, Status.HANDED_OFF)
"""Open, and no work: a person decides, or a wave begins."""


def waiting_with(runs: QuerySet[Run], work: Work) -> int:
    """Count what waits in the rollouts that are worked on."""
    if not work.statuses.keys() & {*WAITING}:
        return 0
    worked_on = runs.filter(status__in=WORKING).exclude(rollout=None)
    same = worked_on.order_by().values("rollout")
    return runs.filter(status__in=WAITING, rollout__in=same).count()


def seconds_left(done: int, working: int, elapsed: timedelta) -> float | None:
    """Estimate from those that ended, however many are worked on at a time."""
    return elapsed.total_seconds() / done * working if done else None


SENTENCES = {
    Status.PLANNED: "The plan for {} needs approval",
    Status.HANDED_OFF: "{run} of {} is waiting for an owner",
    Status.VERIFIED: "Account {} is {verification}",
    Status.EVALUATED: "Account {} is {verification}",
    Status.REMOVED: "Account {} is removed from AWS",
    Status.FAILED: "{run} of {} failed",
    Status.ERRORED: "{run} of {} stopped because of an internal error",
    Status.OUTDATED: "{run} of {} is outdated",
}


class Ending(NamedTuple):
    state: str
    """A status with a badge of its own."""
    text: str
    url: str

    @property
    def kind(self) -> str:
        """Say how its toast looks, which goes by itself if it is good."""
        if self.state in UNSUCCESSFUL:
            return "bad"
        return "waits" if self.state == Status.PLANNED else "good"

    @property
    def icon(self) -> str:
        return {"bad": "cross", "waits": "list", "good": "check"}[self.kind]


def ending_of(run: Run) -> Ending:
    said = SENTENCES[Status(run.status)].format(
        run.account_name, run=run.title, verification=run.verification
    )
    return Ending(run.word, said, run.get_absolute_url())


def ending_of_all(runs: QuerySet[Run]) -> Ending | None:
    """Report the one run of these, or sum them up."""
    shown = runs.only(
        "number", "status", "account_name", "unknown_writes", "undeployable"
    )
    some = list(shown[:2])
    if len(some) == 1:
        return ending_of(some[0])
    return summary(runs) if some else None


def summary(runs: QuerySet[Run]) -> Ending:
    counts = Counter(runs.order_by().values_list("status", flat=True))
    worst = next((one for one in FAILURES if counts[one]), "")
    words = Counter(map(word_of, counts.elements()))
    parts = [f"{count:,} {word}" for word, count in words.most_common()]
    text = f"{counts.total():,} runs finished: {', '.join(parts)}"
    state = worst or counts.most_common(1)[0][0]
    return Ending(state, text, reverse("accounts:runs"))


RUN_EVERY, LIST_EVERY = 1000, 2000
"""Milliseconds between two looks at one run, and at everything."""
OWNER_EVERY = 10_000
"""Where a run waits for an owner: Bowline itself looks every half minute at most."""


class Tab(NamedTuple):
    """What a browser's tab says in front of the title, and the icon it has."""

    word: str = ""
    icon: str = "mark.svg"


PLAIN = Tab()
WORKS = Tab("Working", "mark-working.svg")
WAITS = Tab("Needs approval", "mark-waiting.svg")
FAILED = Tab("Failed", "mark-failed.svg")
DONE = Tab("Done", "mark-done.svg")
TABS: dict[str, Tab] = {
    **dict.fromkeys((*WORKING, *Delivery.WORKING, Bundle.Status.BUILDING), WORKS),
    Status.PLANNED: WAITS,
    **dict.fromkeys(FAILURES, FAILED),
    **dict.fromkeys((*GOOD, Delivery.Status.LOADED), DONE),
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
    ending: Ending | None = None
    """What ended since the page was shown before."""


def last_moved(runs: QuerySet[Run]) -> datetime | None:
    moved = runs.filter(moved_at__isnull=False).order_by("-moved_at")
    return moved.values_list("moved_at", flat=True).first()


def live_site() -> Live:
    """Look at all accounts, runs and bundles."""
    runs = Run.objects.all()
    work = work_of(runs)
    bundles = Bundle.objects.order_by("-number").values_list("number", "status")
    number, status = bundles.first() or (0, "")
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


def live_rollout(rollout: Rollout, census: Census) -> Live:
    """Look at all its runs at once, the managing account's too."""
    runs = Run.objects.filter(rollout=rollout)
    work = work_of(runs)
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
    return Live(
        facts=(bundle.number, bundle.status, bundle.installed_at),
        building=bundle.number if is_building else 0,
        runs=Run.objects.none(),
        shows_endings=True,
        tab=TABS.get(bundle.status, PLAIN),
        every=LIST_EVERY if is_building else 0,
    )


def live_delivery(delivery: Delivery) -> Live:
    failed = delivery.status in Delivery.UNSUCCESSFUL
    return Live(
        facts=(delivery.status, delivery.waiting, delivery.look_at, delivery.progress),
        runs=Run.objects.none(),
        shows_endings=True,
        tab=FAILED if failed else TABS.get(delivery.status, PLAIN),
        every=LIST_EVERY if delivery.is_working else 0,
        reloads=not delivery.is_working,
    )


SEEN = "Bowline-Seen"
"""The header with the version that a page has shown; no person sends it."""
RELOADED = "bowline_reloaded"
"""The cookie with the same, for seconds, where a page reloads by itself."""
EPOCH = "1970-01-01T00:00+00:00"


class Answered(Exception):
    """The page needs not be made: this answers instead."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__(response)
        self.response = response


class AnswerPolls(MiddlewareMixin):
    """Middleware: answers pages that need not be made again."""

    def process_exception(
        self, request: HttpRequest, error: Exception
    ) -> HttpResponse | None:
        return error.response if isinstance(error, Answered) else None


def watched(request: HttpRequest, live: Live) -> Live:
    """Add whether workers answer, and what ended since the page was shown; raise
    Answered where it is the same.
    """
    silent = silence() if live.every in (RUN_EVERY, LIST_EVERY) else None
    shown = repr((request.get_full_path(), silent, live.moved, live.facts))
    digest = hashlib.sha256(shown.encode()).hexdigest()[:16]
    now = PageState(digest, str(live.moved or ""), str(live.began or ""), live.building)
    live = replace(live, silence=silent, seen=now)
    asked = request.headers.get(SEEN)
    seen = PageState.read(asked or request.COOKIES.get(RELOADED, ""))
    if asked and seen == now:
        raise Answered(HttpResponse(status=204))
    if asked and live.reloads:
        raise Answered(reload(request, asked))
    if seen is None:
        return live
    new = None if live.shows_endings else ended(live, seen)
    return replace(live, tab=tab_after(live, seen), ending=new)


def reload(request: HttpRequest, asked: str) -> HttpResponse:
    """Let the page load whole, and say then what ended."""
    response = HttpResponseClientRefresh()
    response.set_cookie(
        RELOADED,
        asked,
        max_age=10,
        path=request.path,
        samesite="Strict",
        secure=request.is_secure(),
        httponly=True,
    )
    return response


def signed_out(request: HttpRequest) -> HttpResponse:
    """Tell whoever reads the page, and leave it as it is."""
    text = "You're signed out. Sign in to see updates."
    shown = toast(request, text, request.get_full_path())
    return HttpResponseStopPolling(shown, headers={"HX-Reswap": "none"})


def not_sent(request: HttpRequest) -> HttpResponse:
    """Tell whoever filled in a part of a page, and leave it as it is."""
    text = "You're signed out. Sign in in another tab, then try again here."
    return HttpResponse(toast(request, text, "/"), headers={"HX-Reswap": "none"})


def toast(request: HttpRequest, text: str, url: str) -> bytes:
    ending = Ending(Status.PLANNED, text, url)
    return render(request, "live/_toasts.html", {"ending": ending}).content


def ended(live: Live, seen: PageState) -> Ending | None:
    """Report in one sentence what ended since; once a batch is through, all of it."""
    if seen.building and seen.building != live.building:
        return bundle_ending(seen.building)
    batch = batch_that_ended(live, seen)
    if batch is None:
        batch = ended_since(live.runs, moment_of(seen.moved))
    return ending_of_all(batch)


def moment_of(text: str) -> datetime:
    return datetime.fromisoformat(text or EPOCH)


def batch_that_ended(live: Live, seen: PageState) -> QuerySet[Run] | None:
    """Find the runs of a batch that have ended."""
    if not seen.began or live.began:
        return None
    return ended_since(live.runs, moment_of(seen.began))


def bundle_ending(number: int) -> Ending | None:
    bundle = Bundle.objects.only("number", "status").filter(number=number).first()
    if bundle is None:
        return None
    is_ready = bundle.status == Bundle.Status.READY
    text = f"{bundle} is ready" if is_ready else f"{bundle} couldn't be built"
    return Ending(bundle.status, text, bundle.get_absolute_url())


def tab_after(live: Live, seen: PageState) -> Tab:
    """Let the tab of a page that watched a batch say how it ended."""
    batch = batch_that_ended(live, seen)
    if live.tab == WORKS or batch is None:
        return live.tab
    statuses = {*batch.order_by().values_list("status", flat=True).distinct()}
    if statuses & {*FAILURES}:
        return FAILED
    if Status.PLANNED in statuses:
        return WAITS
    return DONE if statuses else live.tab
