"""What was handed out to an owner, and what the next version changes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import yaml
from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from accounts.http import Request, attachment
from accounts.models import HandOff, ManagedAccount, Run
from accounts.people.doors import operator_required
from accounts.runs.owners.subject import hand_out
from accounts.runs.owners.versions import unseen, versions_of
from accounts.web.runs.review.diff import Diff, compare
from onboarding.handoff.hand_off import HandOffPackage

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


def shown_versions(
    account: ManagedAccount, one: HandOffPackage, run: Run | None
) -> dict[str, Any]:
    return {
        "versions": account.hand_offs.in_force(),
        "update": update_of(account, one),
        "takes_word": run is not None and takes_word(account, run),
    }


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
