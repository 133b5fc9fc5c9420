"""An uploaded accounts file: checked, kept for its preview, and saved as previewed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.mapping.accounts_file import MEANWHILE, differs
from accounts.mapping.accounts_file.comparison import (
    SAME,
    Compared,
    Comparison,
    compare,
)
from accounts.mapping.accounts_file.saving import save
from accounts.mapping.managing import managing_row
from accounts.models import Upload
from onboarding.accounts_file import FileProblems, read
from onboarding.accounts_file.managed import WrittenAccount
from onboarding.accounts_file.reader import Problem
from onboarding.accounts_file.writing import (
    account_written,
    chosen,
    in_one_line,
    written_account,
)
from onboarding.details import DetailsError
from onboarding.providers import PROVIDERS

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ACCOUNTS_ONLY = (
    "The file describes the managing account differently. Here, only accounts are "
    "saved: edit the managing account on its page, or remove it from the file."
)
LONGEST_NAME = 150


def check(name: str, content: bytes, *, csv: bool, by: User) -> Upload:
    """Keep what saving the file would change; raise FileProblems if it cannot be."""
    managing = managing_row()
    file = read(content, partition=managing.partition, csv=csv)
    found = compare(file.accounts)
    problems = list(found.problems)
    if differs(file, managing):
        problems.append(Problem(file.managing_line, ACCOUNTS_ONLY))
    if problems:
        raise FileProblems(problems)
    delete_old_uploads()
    return Upload.objects.create(
        by=by,
        name=name[-LONGEST_NAME:],
        accounts=[kept(one) for one in file.accounts],
        preview=preview(found),
        left_alone=found.left_alone,
    )


def save_as_previewed(upload: Upload, by: User) -> bool:
    """Save exactly what the preview says, and return whether that was possible.

    If descriptions were changed meanwhile, nothing is saved, and the preview is new.
    Raise FileProblems where the accounts can no longer be saved.
    """
    try:
        with transaction.atomic():
            mine = Upload.objects.select_for_update().get(pk=upload.pk)
            if mine.saved_at:
                return True
            written = [written_account(one, one["line"]) for one in mine.accounts]
            found = compare(written, lock=True)
            if found.problems:
                raise FileProblems(found.problems)
            rows = Upload.objects.filter(pk=upload.pk)
            if (now := preview(found)) != mine.preview:
                rows.update(preview=now, left_alone=found.left_alone)
                return False
            saved = [str(row.pk) for row in save(found, by)]
            moment = timezone.now()
            rows.update(accounts=[], preview=[], saved=saved, saved_at=moment)
    except IntegrityError as error:
        raise FileProblems([Problem(1, MEANWHILE)]) from error
    return True


def delete_old_uploads() -> None:
    Upload.objects.expired().delete()


def kept(one: WrittenAccount) -> dict[str, Any]:
    written = account_written(one.managed, uses_external_id=one.uses_external_id)
    return {"line": one.line, **written}


def preview(found: Comparison) -> list[dict[str, Any]]:
    """Say of each account what would become of it."""
    return [
        {
            "line": one.written.line,
            "name": one.written.managed.name,
            "account_id": one.written.managed.account_id,
            "what": one.what,
            "changes": [] if one.what == SAME else changes(one),
        }
        for one in found.accounts
    ]


def changes(one: Compared) -> list[dict[str, str]]:
    """Write what differs as text; of a new account, what the file says of it."""
    return [
        {
            "name": LABELS.get(name, name),
            "before": text(name, before),
            "after": text(name, after),
        }
        for name, (before, after) in one.changed.items()
        if one.row or (after not in NOTHING and name not in IN_COLUMNS)
    ]


NOTHING: tuple[Any, ...] = ("", [], False)
IN_COLUMNS = ("name", "account_id")
"""What a preview has columns for."""
LABELS = {
    "read_roles": "READ",
    "write_roles": "WRITE",
    "uses_external_id": "external_id",
}
"""How a file calls what rows call otherwise."""


def text(name: str, value: Any) -> str:
    """Write a value as a file does."""
    match value:
        case None | "" | []:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value))
        case dict():
            details = differing(name, value)
            return in_one_line(details) if details else "yes"
        case _:
            return str(value)


def differing(key: str, details: dict[str, Any]) -> dict[str, Any]:
    """Leave out of a provider's details what is at its default, or was looked up."""
    try:
        return chosen(PROVIDERS[key].from_details(details).choices())
    except DetailsError:
        return details
