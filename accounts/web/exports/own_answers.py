"""How a worker does what one person alone asked for: what their file changes, that it
is saved, and lists as files. What it returns can be written as JSON.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import QueryDict

from accounts.discover.lookups import (
    ADOPT,
    EXPORT,
    FILE_CHECK,
    FILE_PREVIEW,
    FILE_SAVE,
    UPLOAD_SAVE,
    Own,
    OwnTopics,
)
from accounts.lists.exports import lines_of
from accounts.mapping.accounts_file import preview_all, register_all
from accounts.mapping.accounts_file.outcome import Doing, outcome
from accounts.mapping.accounts_file.uploading import check, save_as_previewed
from accounts.mapping.adopting.keeping import ReportRequest, Source, store_report
from accounts.mapping.adopting.reporting import (
    CannotAdopt,
    gate_read,
    managed_role,
    reported,
)
from accounts.models import Upload
from accounts.packed import packed
from accounts.people.roles import OPERATOR, has_role, refusal
from onboarding.accounts_file import FileProblems
from onboarding.adopting.sources.passing import read_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def changes_answer(
    by: User, asked: Own, file: bytes, *, doing: Doing
) -> dict[str, Any]:
    try:
        refuse_without_role(by)
        said = outcome(file, csv=asked.form == "csv", by=by, doing=doing)
    except FileProblems as error:
        return {"problems": problem_lines(error)}
    except PermissionDenied as error:
        return {"denied": str(error)}
    return {"changes": said}


def upload_saved(by: User, asked: Own, file: bytes) -> dict[str, Any]:
    """Save what was checked, exactly as the preview said that the person saw."""
    upload = Upload.objects.unexpired().filter(pk=asked.name).first()
    if upload is None:
        return {}
    try:
        refuse_without_role(by)
        outcome = save_as_previewed(upload, by, seen=asked.sha256)
    except FileProblems as error:
        return {"problems": problem_lines(error)}
    except PermissionDenied as error:
        return {"denied": str(error)}
    return {"outcome": outcome.name}


def refuse_without_role(by: User) -> None:
    """Raise PermissionDenied where the person has lost the role since they asked."""
    if not (by.is_active and has_role(by, OPERATOR)):
        raise PermissionDenied(refusal(OPERATOR))


def checked(by: User, asked: Own, file: bytes) -> dict[str, Any]:
    try:
        upload = check(asked.name, file, csv=asked.form == "csv", by=by)
    except FileProblems as error:
        return {"problems": problem_lines(error)}
    return {"upload": str(upload.pk)}


def problem_lines(error: FileProblems) -> list[tuple[int, str]]:
    return [(one.line, one.message) for one in error.problems]


def exported(by: User, asked: Own, file: bytes) -> str:
    return packed(lines_of(asked.name, asked.form, QueryDict(asked.query)))


def adopted(by: User, asked: Own, file: bytes) -> dict[str, Any]:
    """Read Gate, and report on it together with what was read of files."""
    sent = json.loads(file)
    files = tuple(Source(**one) for one in sent["asked"].pop("files"))
    try:
        refuse_without_role(by)
        gate, _ = gate_read()
        report = reported(read_of(sent["read"]), gate, role=managed_role())
    except (CannotAdopt, PermissionDenied) as error:
        return {"refused": str(error)}
    row, _ = store_report(report, ReportRequest(files, **sent["asked"]), by)
    return {"adoption": str(row.pk)}


OWN_TOPICS: OwnTopics = {
    ADOPT: adopted,
    EXPORT: exported,
    FILE_CHECK: checked,
    FILE_PREVIEW: partial(changes_answer, doing=preview_all),
    FILE_SAVE: partial(changes_answer, doing=register_all),
    UPLOAD_SAVE: upload_saved,
}
