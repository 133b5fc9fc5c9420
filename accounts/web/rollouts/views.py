"""Rollouts: the list, the page of one, and what people decide there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from typing import Any, NamedTuple

from django.contrib import messages
from django.db.models import Count, Min
from django.db.models.functions import Coalesce, Now
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.decisions.decision import Decision
from accounts.http import Request, page_of
from accounts.lists.declaration import AT_ONCE
from accounts.lists.runs import COLUMNS, reported, rows_of
from accounts.mapping.managing import left_over, managing_row
from accounts.models import ManagedAccount, Rollout, Run
from accounts.models.people import approved_among
from accounts.models.runs import RunQuerySet
from accounts.models.states import BADGES, OPEN, UNSUCCESSFUL, WORKING, Status, words_of
from accounts.people.role_limits.limits import limits_of
from accounts.refused import Refused
from accounts.runs.capacity import NoRoom, capacity_of
from accounts.runs.rollouts import decisions, start
from accounts.runs.rollouts.census import (
    FEW,
    MOST_NAMED,
    MOST_READ,
    SETTLED,
    Census,
    Wave,
    causes_of,
    comes_after,
    is_ready,
    managing_run,
    managing_runs,
    runs_of,
    size,
)
from accounts.runs.rollouts.decisions import UNDONE, needs_another
from accounts.runs.rollouts.groups import groups_of
from accounts.web.bulk.exports import download
from accounts.web.crumbs import crumbs
from accounts.web.live.views import Progress, live_rollout, live_site, watched
from accounts.web.posts import post
from accounts.web.role_limits import here
from accounts.web.rollouts.forms import SettingsForm
from accounts.web.runs.views import Stage
from accounts.wording import counted, for_count

ORDER = (
    *SETTLED,
    *UNSUCCESSFUL,
    Status.VERIFYING,
    Status.APPLYING,
    Status.APPROVED,
    Status.PLANNED,
    Status.PLANNING,
)
"""From what is done to what has not begun."""

RECENT = timedelta(minutes=5)
"""How long back it is measured how fast accounts end; not the time before approval."""


class Segment(NamedTuple):
    status: str
    colour: str
    accounts: int
    start: float
    """Where it begins, in percent of the bar."""
    width: float


class WaveRow(NamedTuple):
    number: int
    size: int
    started: Wave
    """How far those are that were started in it."""
    state: str
    """`done`, `failed`, `running`, `paused` or `pending`: each has a badge."""


@dataclass(frozen=True, slots=True)
class Speed:
    per_minute: float
    progress: Progress


def stages(rollout: Rollout, census: Census) -> list[Stage]:
    """List what a rollout does one after another, and how far each is."""
    statuses, total = census.statuses, census.total
    waiting, failed = statuses[Status.PLANNED], census.wave(None).failed
    of = f" of {total:,}" + (f", {failed:,} failed" if failed else "")
    if not rollout.has_waves:
        ended = census.good + census.failed
        state = "failed" if census.failed else "done"
        state = state if ended == total else "running"
        return [Stage("Verify", state, f"{ended:,}{of}")]
    unplanned = statuses[Status.PLANNING]
    planned = total - unplanned - failed
    ended_badly = "done" if planned or not failed else "failed"
    plan = Stage("Plan", "running" if unplanned else ended_badly, f"{planned:,}{of}")
    approve = Stage(
        "Approve",
        "ahead" if not planned else "waiting" if waiting else "done",
        f"{planned - waiting:,} of {planned:,}",
    )
    begun = (stage_of(wave) for wave in waves(rollout, census) if wave.size)
    return [plan, approve, *begun]


def stage_of(wave: WaveRow) -> Stage:
    states = {
        "pending": "ahead",
        "running": "running",
        "paused": "waiting",
        "failed": "failed",
    }
    ended = [(wave.started.good, "done"), (wave.started.failed, "failed")]
    counts = "".join(f", {count:,} {word}" for count, word in ended if count)
    about = f"{counted(wave.size)}{counts}"
    return Stage(f"Wave {wave.number}", states.get(wave.state, "done"), about)


def segments(census: Census) -> list[Segment]:
    """Cut the bar, a piece a status, without those that were discarded."""
    found = [(status, census.statuses[status]) for status in ORDER]
    widths = [100 * accounts / (census.total or 1) for _, accounts in found]
    starts = accumulate(widths, initial=0.0)
    return [
        Segment(status, BADGES[status].colour, accounts, round(start, 3), width)
        for (status, accounts), start, width in zip(found, starts, widths, strict=False)
        if accounts
    ]


def waves(rollout: Rollout, census: Census) -> Iterator[WaveRow]:
    """Say of each wave how many accounts it has, and how far they are."""
    if not rollout.has_waves:
        return
    counts = census.counts
    left = counts.undecided + counts.approved
    begun = [number for number, wave in enumerate(counts.waves, 1) if wave.started]
    latest, is_paused = max(begun, default=1), rollout.state == Rollout.State.PAUSED
    for number, wave in enumerate(counts.waves, 1):
        coming = 0
        if number >= latest:
            room = size(number, rollout, counts.total) - wave.started
            coming = max(0, min(room, left))
            left -= coming
        is_over = not (coming or wave.working)
        ended = "failed" if wave.failed else "done"
        stays = "running" if wave.working or not is_paused else "paused"
        state = ended if is_over else stays if wave.started else "pending"
        yield WaveRow(number, wave.started + coming, wave, state)


def speed(rollout: Rollout, census: Census) -> Speed | None:
    """Measure how many accounts ended lately, and how long the rest will take; None
    where nothing did, or where only people are waited for.
    """
    if not sum(census.statuses[status] for status in WORKING):
        return None
    recent = runs_of(rollout).filter(finished_at__gt=Now() - RECENT)
    found = recent.exclude(status=Status.DISCARDED).aggregate(
        ended=Count("pk"), began=Min(Coalesce("approved_at", "created_at"))
    )
    if not found["ended"]:
        return None
    span = min(RECENT, timezone.now() - found["began"])
    per_second = found["ended"] / max(1, span.total_seconds())
    left = census.open
    progress = Progress(census.total - left, census.total, left / per_second)
    return Speed(per_second * 60, progress)


State, Kind = Rollout.State, Rollout.Kind
FIX = "Fix the causes below, then retry the failed accounts."
FIX_AND_RESUME = (
    "Fix the causes below and retry the failed accounts, or resume without them."
)


class Standing(NamedTuple):
    """The situation of a rollout; all numbers are of accounts."""

    kind: str
    state: str
    reason: str = ""
    """Why it is paused or stopped."""
    good: int = 0
    failed: int = 0
    handed_off: int = 0
    waiting: int = 0
    """For approval, where nothing else is to do first."""
    held: int = 0
    """Approved, and waiting for the first account of their group."""
    coming: int = 0
    """In progress, or approved."""
    working: int = 0
    """Of these, those in progress."""
    begun: int = 0
    """In a wave, whether it has ended or not."""
    managing_waits: bool = False
    """The managing account's plan waits for approval."""
    managing_failed: bool = False

    @property
    def failed_to_plan(self) -> bool:
        """Return whether no account has a plan, and none is being planned."""
        left = self.good + self.handed_off + self.waiting + self.coming + self.begun
        planned = self.state in (State.PLANNED, State.APPLYING, State.FINISHED)
        return bool(self.failed and planned and not left)


class Result(NamedTuple):
    colour: str
    icon: str
    badge: str
    title: str = ""
    """Empty: the page needs no more than the badge."""
    text: str = ""


def result_of(now: Standing) -> Result:
    """Say how a rollout ended, or what it waits for; a state alone says neither."""
    if now.failed_to_plan:
        every = for_count(now.failed, "its account", "all {count} accounts")
        text = f"Planning failed for {every}, so nothing in AWS was changed. {FIX}"
        title = "Nothing could be planned"
        return Result("bad", "cross", f"{now.failed:,} failed", title, text)
    badge = BADGES[now.state]
    usual = Result(badge.colour, badge.icon, words_of(now.state))
    if now.state == State.PAUSED:
        return usual._replace(title="Paused", text=" ".join(paused(now)))
    if now.state == State.STOPPED:
        return usual._replace(
            title="Stopped",
            text=f"{now.reason} Accounts that hadn't started were discarded, so "
            "nothing in them was changed.",
        )
    if now.state == State.FINISHED:
        return finished(now)
    if now.managing_failed:
        title = "The managing account wasn't applied"
        return usual._replace(
            colour="bad", icon="cross", title=title, text="No account starts before it."
        )
    if now.state == State.PLANNED or now.waiting:
        return planned(now)
    if now.failed and now.coming:
        text = f"The other accounts continue. {FIX}"
        colours = {"colour": "warn", "icon": "warning"}
        return usual._replace(**colours, title=in_numbers(now), text=text)
    return usual


def paused(now: Standing) -> Iterator[str]:
    yield now.reason
    if now.working:
        yield for_count(
            now.working,
            "1 account in progress will finish.",
            "{count} accounts in progress will finish.",
        )
    if left := now.coming - now.working:
        waits = for_count(
            left, "1 approved account waits", "{count} approved accounts wait"
        )
        yield f"{waits} until the rollout is resumed."
    else:
        yield "No more accounts are started."
    if now.failed:
        yield FIX_AND_RESUME


def finished(now: Standing) -> Result:
    said = in_numbers(now)
    if now.failed:
        colour, icon = ("warn", "warning") if now.good else ("bad", "cross")
        return Result(colour, icon, said, said, FIX)
    badge = BADGES[State.FINISHED]
    text = f"{said}." if said else "No account was changed."
    if now.handed_off:
        waits = for_count(
            now.handed_off,
            "1 account waits for its owner.",
            "{count} accounts wait for their owners.",
        )
        text = f"{waits} Bowline verifies each account when its roles exist."
    return Result(badge.colour, badge.icon, said or now.state, "Finished", text)


def planned(now: Standing) -> Result:
    badge = BADGES[State.PLANNED]
    colour, icon = ("warn", "warning") if now.failed else (badge.colour, badge.icon)
    before = "Nothing in AWS changes until the plans are approved."
    if now.begun:
        before = for_count(
            now.waiting,
            "1 plan waits. Nothing in its account changes until it is approved.",
            "{count} plans wait. Nothing in their accounts changes until they are "
            "approved.",
        )
    first = "the managing account first, then each group"
    texts = [before, f"Review {first if now.managing_waits else 'each group'}."]
    if now.held:
        texts.append(
            for_count(
                now.held,
                "1 approved account waits",
                "{count} approved accounts wait",
            )
            + " for the first account of the same group that isn't production. Approve "
            "or discard its plan."
        )
    if now.kind == Kind.REMOVE and now.managing_waits:
        texts.append(
            "The managing account's plan removes the accounts from the policy of "
            "Spinnaker's identity. Nothing in the accounts is deleted before this is "
            "verified."
        )
    said = in_numbers(now) if now.waiting else words_of(now.state)
    return Result(colour, icon, said, "Needs approval", " ".join(texts))


def in_numbers(now: Standing) -> str:
    numbers = [
        (now.waiting, "need approval" if now.waiting > 1 else "needs approval"),
        (now.good, "done"),
        (now.failed, "failed"),
    ]
    return ", ".join(f"{count:,} {word}" for count, word in numbers if count)


def rollouts(request: Request) -> HttpResponse:
    """List the rollouts, newest first, with how many accounts are how far."""
    live = watched(request, live_site())
    page = page_of(request, Rollout.objects.order_by("-number"))
    # Of several the newest, as on the rollout's own page.
    managing = {run.rollout_id: run for run in managing_runs(*page).reverse()}
    shown = {
        "live": live,
        "page": page,
        "rows": [
            (*row, result_of(standing_in(one, row.census, managing.get(one.pk))))
            for row in rows_of(list(page))
            for one in [row.rollout]
        ],
        "crumbs": crumbs("runs"),
    }
    return render(request, "rollouts/rollouts.html", shown)


def rollout(request: Request, number: int) -> HttpResponse:
    return rollout_page(request, rollout_of(number))


def rollout_of(number: int) -> Rollout:
    return get_object_or_404(Rollout, number=number)


def rollout_page(
    request: Request, rollout: Rollout, *, form: SettingsForm | None = None
) -> HttpResponse:
    """Show a rollout, with queries whose number does not grow with its accounts."""
    census = Census(rollout)
    live = watched(request, live_rollout(rollout, census))
    managing = managing_run(rollout)
    standing = standing_in(rollout, census, managing)
    limited = limits_of(request.user)
    shown: dict[str, Any] = {
        "live": live,
        "rollout": rollout,
        "census": census,
        "segments": segments(census),
        "stages": stages(rollout, census),
        "result": result_of(standing),
        "asks": standing.waiting or standing.managing_waits,
        "managing_asks": standing.managing_waits and not standing.failed_to_plan,
        "unstarted": sum(census.statuses[status] for status in UNDONE),
        "working": sum(census.statuses[status] for status in WORKING),
        "unplanned": census.wave(None).failed,
        "waves": list(waves(rollout, census)),
        "limits": limits_in_words(rollout, census.counts.total),
        "speed": speed(rollout, census) if live.every else None,
        "managing": managing,
        "comes_after": comes_after(rollout),
        "managing_failed": needs_another(managing),
        "left_over": left_over_of(rollout) if rollout.has_ended else 0,
        "handed_off": census.statuses[Status.HANDED_OFF],
        "withdrawn": withdrawn_of(rollout) if rollout.has_ended else None,
        "groups": groups_of(rollout),
        "causes": causes_of(rollout) if census.failed else [],
        "most_read": MOST_READ,
        "form": form or SettingsForm(instance=rollout),
        "crumbs": crumbs("runs", "rollouts"),
        # Without a limit, a role is for all environments, whichever they are.
        **(here(request, *environments_of(runs_of(rollout))) if limited else {}),
    }
    return render(request, "rollouts/rollout.html", shown)


def limits_in_words(rollout: Rollout, accounts: int) -> str:
    """Say in a few sentences how its accounts follow each other, and what pauses it."""
    most = f"up to {counted(rollout.at_once)} in progress at a time"
    if rollout.at_once == rollout.AT_ONCE:
        most += ", or more if the workers have threads for more"
    number, pauses = counted(rollout.most_failures), rollout.Pauses
    fails = for_count(rollout.most_failures, "fails", "fail")
    limit = (
        f"It pauses when {number}, or {rollout.failure_percent}% of a wave, {fails}."
    )
    if rollout.pauses == pauses.NEVER:
        limit = "Failures don't pause the rollout."
    elif rollout.pauses == pauses.AT_NUMBER:
        limit = f"It pauses when {number} {fails}."
    elif rollout.pauses == pauses.BY_CAUSE and accounts < FEW:
        limit = (
            "An account that fails for a cause of its own doesn't pause it. It pauses "
            "when two fail for the same cause, or one because of the managing account "
            "or Bowline."
        )
    return f"Each wave starts when the previous one has ended, with {most}. {limit}"


def standing_in(rollout: Rollout, census: Census, managing: Run | None) -> Standing:
    statuses = census.statuses
    working = sum(statuses[status] for status in WORKING)
    is_open = rollout.state in (Rollout.State.PLANNING, Rollout.State.PLANNED)
    is_held = rollout.state == Rollout.State.PLANNED and is_ready(managing)
    return Standing(
        rollout.kind,
        rollout.state,
        rollout.reason,
        good=census.good,
        failed=census.failed,
        handed_off=statuses[Status.HANDED_OFF],
        waiting=statuses[Status.PLANNED] if is_open and not working else 0,
        held=statuses[Status.APPROVED] if is_held else 0,
        coming=working + statuses[Status.APPROVED],
        working=working,
        begun=sum(wave.started for wave in census.counts.waves),
        managing_waits=managing is not None and managing.status == Status.PLANNED,
        managing_failed=not rollout.has_ended and needs_another(managing),
    )


def environments_of(runs: RunQuerySet) -> set[str]:
    """Return the environments that the accounts of these runs are in now."""
    rows = ManagedAccount.objects.filter(pk__in=runs.order_by().values("account"))
    described = rows.order_by().values_list("environment", flat=True).distinct()
    return {*described, *approved_among(rows)}


def left_over_of(rollout: Rollout) -> int:
    """Count its accounts that Spinnaker may assume though no plan was carried out."""
    if rollout.kind != Rollout.Kind.ONBOARD or managing_row().organization:
        return 0
    return left_over().filter(pk__in=runs_of(rollout).values("account")).count()


class Withdrawn(NamedTuple):
    named: list[ManagedAccount]
    accounts: int

    @property
    def more(self) -> int:
        return self.accounts - len(self.named)


def withdrawn_of(rollout: Rollout) -> Withdrawn | None:
    """Find its accounts that are not removed, nor in progress, though Spinnaker may no
    longer assume them; None where there are none.
    """
    if rollout.kind != Rollout.Kind.REMOVE:
        return None
    rows = ManagedAccount.objects.existing().filter(
        withdrawn=True, pk__in=runs_of(rollout).values("account")
    )
    rows = rows.exclude(runs__status__in=OPEN)
    named = list(rows.order_by("name")[:MOST_NAMED])
    return Withdrawn(named, rows.count()) if named else None


def rollout_report(request: Request, number: int, form: str) -> HttpResponseBase:
    rollout = rollout_of(number)
    found = reported(rollout).order_by("number")
    name = f"rollout-{rollout.number}"
    return download(request, name, form, COLUMNS, found.iterator(chunk_size=AT_ONCE))


def roll_out(
    request: Request,
    accounts: Collection[ManagedAccount],
    kind: Rollout.Kind,
    *,
    otherwise: HttpResponse,
    **settings: Any,
) -> HttpResponse:
    """Start a rollout and lead to its page; where it cannot be, say why."""
    try:
        rollout = start(accounts, kind, request.user, **settings)
    except Refused as error:
        is_full = isinstance(error.__cause__, NoRoom)
        messages.error(request, with_switch(str(error)) if is_full else str(error))
        return otherwise
    return tell_started(request, rollout)


def tell_started(request: Request, rollout: Rollout) -> HttpResponse:
    """Lead to the page of a rollout that was started, and say what is next."""
    kind = Rollout.Kind(rollout.kind)
    messages.success(request, f"{rollout} is started. {SAYS_STARTED[kind]}")
    if rollout.excluded:
        excluded = counted(len(rollout.excluded))
        messages.warning(request, f"{excluded} excluded. See below.")
    if kind == Rollout.Kind.ONBOARD:
        tell_room(request)
    return redirect(rollout)


def tell_room(request: Request) -> None:
    """Offer the organization before the list of accounts is full."""
    room = capacity_of(managing_row())
    if room.is_near_its_end:
        text = (
            "The list of accounts that Spinnaker can access is nearly full: "
            f"{room.wanted:,} of {room.most:,}, including accounts that aren't "
            "onboarded yet."
        )
        messages.warning(request, with_switch(text))


def with_switch(text: str) -> SafeString:
    """Add a link to the form that lists the organization instead of its accounts."""
    url = f"{reverse('accounts:managing')}?switch=1#switch"
    return format_html('{} <a href="{}">{}</a>.', text, url, SWITCH)


SWITCH = "Change to the whole organization"

SAYS_STARTED = {
    Rollout.Kind.ONBOARD: "Nothing in AWS changes until the plans are approved.",
    Rollout.Kind.VERIFY: "Nothing in AWS changes.",
    Rollout.Kind.REMOVE: "Nothing is deleted until the plans are approved.",
}


ROLLOUT = "runs/rollouts/<int:number>"


def settings_form(posted: QueryDict, rollout: Rollout) -> SettingsForm:
    """Make the form with a copy of the rollout, which what is posted changes."""
    return SettingsForm(posted, instance=copy(rollout))


def started_again(_: Rollout, accounts: int) -> str:
    what = counted(accounts) if accounts else "the managing account"
    return f"Started again for {what}."


SAYS: dict[Decision[Any, Any], Callable[..., str] | str] = {
    decisions.pause: "{} is paused. Accounts in progress will finish.",
    decisions.resume: "{} continues. Earlier failures no longer pause it.",
    decisions.stop: "{} is stopped. Accounts that hadn't started are discarded.",
    decisions.retry: started_again,
}
posts = [
    *(
        post(
            f"{ROLLOUT}/{one.name}/",
            one,
            name=f"rollout-{one.name}",
            find=rollout_of,
            said=said,
        )
        for one, said in SAYS.items()
    ),
    post(
        f"{ROLLOUT}/settings/",
        decisions.configure,
        name="rollout-settings",
        find=rollout_of,
        form=settings_form,
        page=rollout_page,
        said="The waves and limits are saved.",
    ),
]
