"""An uploaded accounts file: checked, kept for its preview, and saved as previewed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.mapping.accounts_file import MEANWHILE, differs, spinnaker_differs
from accounts.mapping.accounts_file.comparison import (
    SAME,
    Compared,
    Comparison,
    compare,
)
from accounts.mapping.accounts_file.saving import save
from accounts.mapping.managing import managing_row
from accounts.models import Upload, UploadedAccount
from accounts.people.deciding import judge, limit_on
from accounts.people.reach import DecisionReach
from accounts.people.roles import OPERATOR
from accounts.slices import AT_ONCE
from onboarding.accounts_file import FileProblems, read_accounts_file
from onboarding.accounts_file.reader import Problem
from onboarding.accounts_file.writing import (
    chosen,
    file_written,
    in_one_line,
    written_account,
)
from onboarding.description.fields import FIELDS, Kind
from onboarding.details import DetailsError
from onboarding.providers import PROVIDERS
from onboarding.providers.base import Provider

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ACCOUNTS_ONLY = (
    "The managing account is different in the file. Only accounts are saved here: edit "
    "the managing account on its page, or remove it from the file."
)
NO_CONNECTION = (
    "The connection with Spinnaker is different in the file. Only accounts are saved "
    "here: an administrator changes it in Settings, or remove it from the file."
)
LONGEST_NAME = 150


def check(name: str, content: bytes, *, csv: bool, by: User) -> Upload:
    """Keep what saving the file would change; raise FileProblems if it cannot be."""
    managing = managing_row()
    file = read_accounts_file(content, partition=managing.partition, csv=csv)
    found = compare(file.accounts)
    problems = [*found.problems, *outside(found, by)]
    if differs(file, managing):
        problems.append(Problem(file.managing_line, ACCOUNTS_ONLY))
    if spinnaker_differs(file):
        problems.append(Problem(file.spinnaker_line, NO_CONNECTION))
    if problems:
        raise FileProblems(problems)
    Upload.objects.expired().delete()
    with transaction.atomic():
        upload = Upload.objects.create(by=by, name=name[-LONGEST_NAME:])
        store_preview(upload, found)
    return upload


def outside(found: Comparison, by: User) -> Iterator[Problem]:
    """Find the accounts of the file in environments that the person's role is not for,
    before or after.
    """
    if limit_on(by, OPERATOR) is None:
        return
    for one in found.accounts:
        name = one.written.managed.name
        pairs = frozenset((name, where) for where in one.environments)
        if one.what != SAME and (
            why := judge(DecisionReach(pairs), None, by, OPERATOR).outside
        ):
            yield Problem(one.written.line, why)


class Outcome(Enum):
    SAVED = "saved"
    UNSEEN = "the preview isn't the one that the person saw"
    CHANGED = "accounts were changed in the meantime, and the preview is new"


def save_as_previewed(upload: Upload, by: User, *, seen: str) -> Outcome:
    """Save exactly what the preview says whose digest is `seen`, or nothing.

    Raise FileProblems where the accounts can no longer be saved.
    """
    try:
        with transaction.atomic():
            mine = Upload.objects.select_for_update(no_key=True).get(pk=upload.pk)
            if mine.saved_at:
                return Outcome.SAVED
            if not seen or seen != mine.digest:
                return Outcome.UNSEEN
            kept = mine.accounts.values_list("line", "written")
            found = compare(
                [written_account(written, line) for line, written in kept], lock=True
            )
            if problems := [*found.problems, *outside(found, by)]:
                raise FileProblems(problems)
            if preview_digest(preview(found)) != seen:
                store_preview(mine, found)
                return Outcome.CHANGED
            saved = [str(row.pk) for row in save(found, by)]
            mine.accounts.all().delete()
            rows = Upload.objects.filter(pk=upload.pk)
            rows.update(saved=saved, saved_at=timezone.now())
    except IntegrityError as error:
        raise FileProblems([Problem(1, MEANWHILE)]) from error
    return Outcome.SAVED


def store_preview(upload: Upload, found: Comparison) -> None:
    """Keep the accounts with their preview, in place of what was kept before."""
    rows = preview(found)
    upload.accounts.all().delete()
    UploadedAccount.objects.bulk_create(
        (
            UploadedAccount(
                upload=upload,
                position=position,
                written=file_written(one.written),
                **row,
            )
            for position, (one, row) in enumerate(
                zip(found.accounts, rows, strict=True)
            )
        ),
        batch_size=AT_ONCE,
    )
    upload.digest, upload.left_alone = preview_digest(rows), found.left_alone
    upload.save(update_fields=["digest", "left_alone"])


def preview(found: Comparison) -> list[dict[str, Any]]:
    """Say of each account what would become of it."""
    return [
        {
            "line": one.written.line,
            "name": one.written.managed.name,
            "account_id": one.written.managed.account_id,
            "what": one.what,
            "changes": [] if one.what == SAME else changes_as_text(one),
        }
        for one in found.accounts
    ]


def preview_digest(rows: list[dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def changes_as_text(one: Compared) -> list[dict[str, str]]:
    """Write what differs as text; of a new account, what the file says of it."""
    return [
        {
            "name": LABELS.get(name, name),
            "before": text(name, before),
            "after": text(name, after),
        }
        for name, (before, after) in one.changed.items()
        if one.row or (name not in IN_COLUMNS and says_something(name, after))
    ]


def says_something(name: str, value: Any) -> bool:
    """Return whether a new account's value is news; a provider's is, without details,
    too.
    """
    return name in PROVIDERS or value not in NOTHING


NOTHING: tuple[Any, ...] = ("", [], {}, False)
IN_COLUMNS = ("name", "account_id")
"""What a preview has columns for."""
LABELS = {
    one.name: f"own {one.key}" if one.kind is Kind.INSTEAD else one.key
    for one in FIELDS
}
"""How a file calls the fields, of which two can have one key."""
NESTED = {one.name: one for one in FIELDS if one.kind in (Kind.CARRIED, Kind.NAMES)}
"""Fields with fields inside: said in one order, whatever the database makes of it."""


def text(name: str, value: Any) -> str:
    """Write a value as a file does."""
    match value:
        case None | "" | []:
            return ""
        case bool():
            return "yes" if value else "no"
        case list() | dict() if name in NESTED:
            return in_one_line(NESTED[name].said(value)) if value else ""
        case list():
            return ", ".join(map(str, value))
        case dict() if name in PROVIDERS:
            return details_text(name, value)
        case _:
            return str(value)


def details_text(key: str, details: dict[str, Any]) -> str:
    """Leave out of a provider's details what is at its default, or was looked up."""
    try:
        return choices_text(PROVIDERS[key].from_details(details).choices())
    except DetailsError:
        return in_one_line(details) if details else "yes"


@lru_cache(maxsize=256)
def choices_text(choices: Provider) -> str:
    """Write once what many accounts choose."""
    written = chosen(choices)
    return in_one_line(written) if written else "yes"
