"""The page for an account's owner, who may never have seen Bowline, and its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from accounts.activity import record
from accounts.mapping.handing_off import hand_off_of
from accounts.mapping.managing import NoManagingAccount, managing_row
from accounts.models import Activity, ManagedAccount, Run
from accounts.models.standing import BROKEN
from accounts.models.states import Status
from accounts.runs.owners.readiness import NOT_READY, ManagingUnproved, hand_off_now
from accounts.web.access import operator_required
from accounts.web.handoff.versions import shown_versions
from accounts.web.live.state import live_account
from accounts.web.request import Request
from accounts.web.runs.review.plans import review
from onboarding.handoff.hand_off import HandOff
from onboarding.handoff.words import (
    Way,
    about,
    archive_name,
    message,
    package,
    removal_message,
    ways,
)
from onboarding.resources.plan import Plan, PlannedChange, diff
from onboarding.spinnaker.bundle.archive import zipped
from onboarding.topology import MadeBy

SHORT = 20
"""The most lines of a command that are shown without opening them."""


class Step(NamedTuple):
    says: str
    text: str
    anchor: str
    """The id of the text; unique on the page."""
    is_long: bool


class ShownWay(NamedTuple):
    way: Way
    steps: tuple[Step, ...]


def hand_off_page(request: Request, pk: UUID) -> HttpResponse:
    """Show what will be created, each way to create it, and whether it was seen yet."""
    account = handed_off(pk)
    run = account.runs.filter(status=Status.HANDED_OFF).first()
    removes = run is not None and run.kind == Run.Kind.REMOVE
    shown: dict[str, Any] = {
        "live": live_account(account),
        "account": account,
        "run": run,
        "removes": removes,
        "crumbs": [
            ("Accounts", reverse("accounts:accounts")),
            (account.name, account.get_absolute_url()),
        ],
    }
    try:
        # What is removed is deleted, however the managing account fares.
        one = hand_off_of(managing_row(), account) if removes else hand_off_now(account)
        lost = is_lost(account, one)
        shown |= described(one, removes=removes)
        if not removes:
            shown |= shown_versions(account, one, run)
        shown |= {"lost": lost, "is_to_send": run is not None or lost}
    except (ManagingUnproved, NoManagingAccount) as error:
        shown |= {"trouble": str(error), "managing_first": True}
    except NOT_READY as error:
        shown["trouble"] = str(error)
    return render(request, "handoff/handoff.html", shown)


def is_lost(account: ManagedAccount, one: HandOff) -> bool:
    """Return whether the owner had exactly this, and AWS shows something else now."""
    last = account.hand_offs.in_force().first()
    handed_out = last is not None and last.text_id == one.digest
    return handed_out and bool(account.granted_at) and account.state in BROKEN


def described(one: HandOff, *, removes: bool) -> dict[str, Any]:
    name = one.managed.name
    changes = [PlannedChange.of(one, name) for one in diff(one.resources, ())]
    return {
        "hand_off": one,
        "about": about(one),
        "ways": tuple(shown_ways(ways(one))),
        "message": removal_message(one) if removes else message(one),
        "review": review(Plan(tuple(changes)), name),
    }


def shown_ways(ways: Iterable[Way], place: int = 0) -> Iterator[ShownWay]:
    for number, way in enumerate(ways):
        anchor = f"way-{place}-{number}"
        steps = [
            Step(step.says, step.text, f"{anchor}-{n}", is_long(step.text))
            for n, step in enumerate(way.steps)
        ]
        yield ShownWay(way, tuple(steps))


def is_long(text: str) -> bool:
    return text.count("\n") > SHORT


@operator_required
def hand_off_archive(request: Request, pk: UUID) -> HttpResponse:
    """Return everything as a zip, for an owner without a login."""
    account = handed_off(pk)
    one = ready(account)
    detail = {"hand_off": one.digest}
    record(request.user, Activity.What.DOWNLOAD, account.name, detail)
    return attachment(zipped(package(one)), archive_name(one), "application/zip")


@operator_required
def hand_off_file(request: Request, pk: UUID, path: str) -> HttpResponse:
    """Return one file of the zip."""
    for file in package(ready(handed_off(pk))):
        if file.path == path:
            name = path.rpartition("/")[2]
            return attachment(file.content, name, "text/plain; charset=utf-8")
    raise Http404(f"The hand-off has no file {path}.")


def handed_off(pk: UUID) -> ManagedAccount:
    """Find an account whose roles somebody else creates; raise Http404 for others."""
    accounts = ManagedAccount.objects.exclude(made_by=MadeBy.BOWLINE.value)
    return get_object_or_404(accounts.prefetch_related("providers"), pk=pk)


def ready(account: ManagedAccount) -> HandOff:
    """Describe the hand-off; raise Http404 where there is none yet."""
    try:
        return hand_off_now(account)
    except NOT_READY as error:
        raise Http404(str(error)) from error


def attachment(content: bytes, name: str, kind: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
