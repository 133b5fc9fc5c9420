"""The page for an account's owner, who may never have seen Bowline, and its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import yaml
from django.contrib.auth.models import User
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render

from accounts.http import Request, attachment
from accounts.mapping.managing import NoManagingAccount
from accounts.models import HandOff, ManagedAccount, ManagingAccount, Run
from accounts.models.states import BROKEN, Status
from accounts.people.doors import operator_required
from accounts.runs.owners.hand_offs import (
    NOT_HANDED_OFF,
    NOT_READY,
    ManagingNotVerified,
    ManagingUnplanned,
    Subject,
    hand_off_for,
    hand_out,
    last_hand_off,
    unseen,
    versions_of,
    waiting_run,
)
from accounts.web.crumbs import crumbs
from accounts.web.live.views import live_account, live_run, watched
from accounts.web.role_limits import everywhere, here
from accounts.web.runs.review.diff import Diff, compare
from accounts.web.runs.review.plans import review
from onboarding.handoff.cloudformation import taken_out
from onboarding.handoff.hand_off import HandOffPackage
from onboarding.handoff.scripts import quick_create
from onboarding.handoff.words import (
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
from onboarding.topology import MadeBy


def handed_off(pk: UUID) -> Subject:
    """Find an account whose roles somebody else creates; raise Http404 for others."""
    accounts = ManagedAccount.objects.exclude(made_by=MadeBy.BOWLINE.value)
    account = accounts.prefetch_related("providers").filter(pk=pk).first()
    managing = ManagingAccount.objects.exclude(made_by=MadeBy.BOWLINE.value)
    found = account or managing.filter(pk=pk).first()
    if found is None:
        raise Http404(NOT_HANDED_OFF)
    return found


def exists(account: Subject) -> bool:
    """Return whether something of it may exist in AWS."""
    if isinstance(account, ManagingAccount):
        return bool(account.applied)
    return account.granted_at is not None


def hand_off_page(request: Request, pk: UUID) -> HttpResponse:
    """Show what will be created, each way to create it, and whether it was seen yet."""
    account = handed_off(pk)
    run = waiting_run(account)
    removes = run is not None and run.kind == Run.Kind.REMOVE
    shown: dict[str, Any] = {
        "account": account,
        "run": run,
        "removes": removes,
        "crumbs": crumbs("accounts", account),
    }
    if isinstance(account, ManagedAccount):
        shown["live"] = watched(request, live_account(account))
        shown |= here(request, *account.environments)
    else:
        shown["live"] = run and watched(request, live_run(run))
        shown |= everywhere(request, "the managing account")
    try:
        one = hand_off_for(account, removes=removes)
        shown |= shown_hand_off(one)
        shown |= whether_to_send(account, one, run)
        if removes:
            shown["message"] = removal_message(one)
        elif isinstance(account, ManagedAccount):
            update = update_of(account, one)
            shown |= {
                "versions": account.hand_offs.in_force(),
                "update": update,
                "takes_word": run is not None and takes_word(account, run),
            }
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
    has = last if last and last.text_id == one.digest else None
    urls = zip(one.stacks, has.urls, strict=False) if has else ()
    links = tuple(
        quick_create(one.managing.partition, stack, url) for stack, url in urls
    )
    lost = bool(has) and exists(account) and account.state in BROKEN
    waits_too = Run.objects.filter(
        status=Status.HANDED_OFF, alone=False, kind=Run.Kind.ONBOARD
    )
    waiting = waits_too.count() if one.of_managing and has else 0
    return {
        "links": links,
        "unpublished": has.unpublished if has else "",
        "message": message(one, links),
        "lost": lost,
        "waiting": waiting,
        "was_handed_off": has is not None,
        "is_to_send": bool(run or lost or waiting),
    }


def shown_hand_off(one: HandOffPackage) -> dict[str, Any]:
    name = one.managed.name
    changes = [PlannedChange.of(one, name) for one in diff(one.resources, ())]
    return {
        "hand_off": one,
        "about": about(one),
        "ways": ways(one),
        "troubles": troubles(one),
        "taken_out": tuple(taken_out(one.stack_sets, one.managed.account_id)),
        "review": review(Plan(tuple(changes)), "" if one.of_managing else name),
    }


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


PARTS = ("Parameters", "Resources")
"""What of a template an update can change."""


class Part(NamedTuple):
    """A resource or a parameter of a template."""

    template: str
    """The description of the template: there may be one for each region."""
    name: str


class Changed(NamedTuple):
    kind: str
    name: str
    verb: str
    diff: Diff


@dataclass(frozen=True, slots=True)
class Update:
    """The next version, compared with the one that the owner has."""

    has: HandOff
    number: int
    is_latest_hand_off: bool
    """False: its plan is not approved yet."""
    changed: tuple[Changed, ...]


def takes_word(account: ManagedAccount, run: Run) -> bool:
    """Return whether somebody must say that the update was made: Bowline cannot read
    the account, or was refused when it tried.
    """
    said = unseen(run)
    return bool(said) and (not account.reader_role or run.waiting == said)


def update_of(account: ManagedAccount, one: HandOffPackage) -> Update | None:
    """Compare what the owner has with what comes next; None where nothing does."""
    versions = versions_of(account)
    if versions.has is None or versions.last is None:
        return None
    is_latest_hand_off = versions.last.text_id == one.digest
    if is_latest_hand_off and not versions.is_update:
        return None
    number = versions.last.number + (0 if is_latest_hand_off else 1)
    changed = tuple(changed_parts(versions.has.text.text, one.text))
    return Update(versions.has, number, is_latest_hand_off, changed)


def changed_parts(before: str, after: str) -> Iterator[Changed]:
    """Yield each resource and parameter that differs, in the order of the later."""
    old, new = parts_of(before), parts_of(after)
    for part in dict.fromkeys((*new, *old)):
        was, becomes = old.get(part), new.get(part)
        if was == becomes:
            continue
        verb = "update" if was and becomes else "create" if becomes else "delete"
        kind = str((becomes or was or {}).get("Type", ""))
        yield Changed(
            kind, part.name, verb, compare(properties_of(was), properties_of(becomes))
        )


def properties_of(part: Mapping[str, Any] | None) -> Any:
    return (
        references_as_text(part.get("Properties", part)) if part is not None else None
    )


def references_as_text(value: Any) -> Any:
    """Write a reference of the template as text, as a reviewer reads it."""
    match value:
        case {"Fn::Sub": str(text), **others} if not others:
            return text
        case {"Ref": str(name), **others} if not others:
            return f"${{{name}}}"
        case dict():
            return {name: references_as_text(one) for name, one in value.items()}
        case list():
            return [references_as_text(one) for one in value]
        case _:
            return value


def parts_of(text: str) -> dict[Part, dict[str, Any]]:
    return {
        Part(template.get("Description", ""), name): part
        for template in yaml.load_all(text, Loader=yaml.CSafeLoader)
        for section in PARTS
        for name, part in (template or {}).get(section, {}).items()
    }


@operator_required
def hand_off_version(request: Request, pk: UUID, number: int) -> HttpResponse:
    """Return the templates as they were handed out then."""
    rows = HandOff.objects.select_related("account", "text")
    given = get_object_or_404(rows, account=pk, number=number)
    hand_out.refuse(given.account, request.user, locks=False)
    name = f"{given.stack_name}-version-{number}.yml"
    return attachment(given.text.text, name, "text/plain; charset=utf-8")
