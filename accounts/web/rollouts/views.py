"""The list of rollouts, the page of one, how far it is and what it waits for, and its
report as a file.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render

from accounts.http import Request, page_of
from accounts.lists.declaration import AT_ONCE
from accounts.lists.rollouts import COLUMNS, RolloutRow, reported, rows_of
from accounts.mapping.left_over import left_over
from accounts.mapping.managing import managing_row
from accounts.models import ManagedAccount, Rollout, Run
from accounts.models.runs import RunQuerySet
from accounts.models.states import OPEN, WORKING, Status
from accounts.people.reach import each_environment
from accounts.runs.rollouts.causes import MOST_NAMED, MOST_READ, causes_of
from accounts.runs.rollouts.census import (
    Census,
    comes_after,
    is_ready,
    managing_run,
    runs_of,
)
from accounts.runs.rollouts.decisions import UNDONE, needs_another
from accounts.runs.rollouts.groups import groups_of
from accounts.web.crumbs import crumbs
from accounts.web.exports.streams import download
from accounts.web.live.state import live_rollout, live_site
from accounts.web.live.views import watched
from accounts.web.role_limits.here import here
from accounts.web.rollouts.forms import SettingsForm
from accounts.web.rollouts.progress import segments, speed, stages, waves
from accounts.web.rollouts.result import Standing, result_of


def rollouts(request: Request) -> HttpResponse:
    """List the rollouts, newest first, with how many accounts are how far."""
    live = watched(request, live_site())
    rows = Rollout.objects.order_by("-number")
    page = page_of(request, rows)
    shown = {
        "live": live,
        "page": page,
        "rows": [(*row, result_of(standing_of(row))) for row in rows_of(list(page))],
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
    live = watched(request, live_rollout(rollout))
    census, managing = Census(rollout), managing_run(rollout)
    shown: dict[str, Any] = {
        "live": live,
        "rollout": rollout,
        "census": census,
        "segments": segments(census),
        "stages": stages(rollout, census),
        "result": result_of(standing_in(rollout, census, managing)),
        "unstarted": sum(census.statuses[status] for status in UNDONE),
        "working": sum(census.statuses[status] for status in WORKING),
        "unplanned": census.wave(None).failed,
        "waves": list(waves(rollout, census)),
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
        **here(request, *environments_of(runs_of(rollout))),
    }
    return render(request, "rollouts/rollout.html", shown)


def standing_of(row: RolloutRow) -> Standing:
    """Say where a rollout of the list stands."""
    rollout, _, good, failed, still_open = row
    return Standing(
        rollout.kind, rollout.state, good=good, failed=failed, coming=still_open
    )


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
        begun=sum(wave.started for wave in census.counts.waves),
        managing_waits=managing is not None and managing.status == Status.PLANNED,
        managing_failed=bool(needs_another(managing)),
    )


def environments_of(runs: RunQuerySet) -> set[str]:
    """Return the environments that the accounts of these runs are in now."""
    found = runs.exclude(account=None).order_by()
    fields = ("account_name", "account__environment", "account__approved_environment")
    return {one for _, one in each_environment(found.values_list(*fields))}


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
