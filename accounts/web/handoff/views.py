"""The page for an account's owner, who may never have seen Bowline, and its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.auth.models import User
from django.http import Http404, HttpResponse
from django.shortcuts import render

from accounts.http import Request, attachment
from accounts.mapping.managing import NoManagingAccount
from accounts.models import HandOff, ManagedAccount, Run
from accounts.models.standing import BROKEN
from accounts.people.doors import operator_required
from accounts.runs.owners.readiness import (
    NOT_READY,
    ManagingNotVerified,
    ManagingUnplanned,
)
from accounts.runs.owners.subject import (
    Subject,
    hand_off_for,
    hand_out,
    last_hand_off,
    waiting_run,
)
from accounts.web.crumbs import crumbs
from accounts.web.handoff.subject import accounts_that_wait, exists, handed_off, live_of
from accounts.web.handoff.versions import shown_versions
from accounts.web.role_limits.here import everywhere, here
from accounts.web.runs.review.plans import review
from onboarding.handoff.hand_off import HandOffPackage
from onboarding.handoff.quick_create import quick_create
from onboarding.handoff.stack_set import taken_out
from onboarding.handoff.words import (
    Way,
    about,
    archive_name,
    message,
    package,
    removal_message,
    troubles,
    update_message,
    ways,
)
from onboarding.resources.plan import Plan, PlannedChange, diff
from onboarding.spinnaker.bundle.archive import zipped

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
    run = waiting_run(account)
    removes = run is not None and run.kind == Run.Kind.REMOVE
    shown: dict[str, Any] = {
        "live": live_of(request, account, run),
        "account": account,
        "run": run,
        "removes": removes,
        "crumbs": crumbs("accounts", account),
    }
    if isinstance(account, ManagedAccount):
        shown |= here(request, *account.environments)
    else:
        shown |= everywhere(request, "the managing account")
    try:
        one = hand_off_for(account, removes=removes)
        shown |= shown_hand_off(one)
        shown |= whether_to_send(account, one, run)
        if removes:
            shown["message"] = removal_message(one)
        elif isinstance(account, ManagedAccount):
            shown |= shown_versions(account, one, run)
            update = shown["update"]
            if update and update.is_latest_hand_off:
                had = update.has.number
                text = update_message(one, had=had, number=update.number)
                shown["message"] = text
    except (ManagingUnplanned, ManagingNotVerified, NoManagingAccount) as error:
        shown |= {"not_ready": str(error), "managing_first": True}
    except NOT_READY as error:
        shown["not_ready"] = str(error)
    return render(request, "handoff/handoff.html", shown)


def whether_to_send(
    account: Subject, one: HandOffPackage, run: Run | None
) -> dict[str, Any]:
    """Say whether the owner is to do this now: `lost`, where the owner had exactly this
    and AWS shows something else; `waiting`, how many accounts wait for it.
    """
    last = last_hand_off(account)
    was_handed_off = last is not None and last.text_id == one.digest
    links = tuple(quick_links(one, last)) if last and was_handed_off else ()
    lost = was_handed_off and exists(account) and account.state in BROKEN
    waiting = accounts_that_wait().count() if one.of_managing and was_handed_off else 0
    return {
        "links": links,
        "unpublished": last.unpublished if last and was_handed_off else "",
        "message": message(one, links),
        "lost": lost,
        "waiting": waiting,
        "was_handed_off": was_handed_off,
        "is_to_send": bool(run or lost or waiting),
    }


def quick_links(one: HandOffPackage, last: HandOff) -> Iterator[str]:
    """Yield the console's page for each stack whose template is in the bucket."""
    partition = one.managing.partition
    for stack, url in zip(one.stacks, last.urls, strict=False):
        yield quick_create(partition, stack, url)


def shown_hand_off(one: HandOffPackage) -> dict[str, Any]:
    name = one.managed.name
    changes = [PlannedChange.of(one, name) for one in diff(one.resources, ())]
    return {
        "hand_off": one,
        "about": about(one),
        "ways": tuple(shown_ways(ways(one))),
        "troubles": troubles(one),
        "taken_out": tuple(taken_out(one.stack_sets, one.managed.account_id)),
        "review": review(Plan(tuple(changes)), "" if one.of_managing else name),
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
    one = taken(pk, request.user)
    return attachment(zipped(package(one)), archive_name(one), "application/zip")


@operator_required
def hand_off_file(request: Request, pk: UUID, path: str) -> HttpResponse:
    """Return one file of the zip."""
    for file in package(taken(pk, request.user)):
        if file.path == path:
            name = path.rpartition("/")[2]
            return attachment(file.content, name, "text/plain; charset=utf-8")
    raise Http404(f"The hand-off has no file {path}.")


def taken(pk: UUID, by: User) -> HandOffPackage:
    """Describe the hand-off; raise Http404 where there is none yet."""
    try:
        return hand_out(handed_off(pk), by)
    except NOT_READY as error:
        raise Http404(str(error)) from error
