"""How a worker answers what one person alone may read: what their file changes, and
lists as files. What it returns can be written as JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import QueryDict

from accounts.lookups import EXPORT, FILE_CHECK, FILE_PREVIEW, Own, OwnTopics
from accounts.mapping.accounts_file import preview_all
from accounts.mapping.accounts_file.outcome import outcome
from accounts.mapping.accounts_file.uploading import check
from accounts.web.exports.lists import text_of
from onboarding.accounts_file import FileProblems

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def previewed(by: User, asked: Own, file: bytes) -> dict[str, Any]:
    try:
        said = outcome(file, csv=asked.form == "csv", by=by, doing=preview_all)
    except FileProblems as error:
        return {"problems": listed(error)}
    except PermissionDenied as error:
        return {"denied": str(error)}
    return {"changes": said}


def checked(by: User, asked: Own, file: bytes) -> dict[str, Any]:
    try:
        upload = check(asked.name, file, csv=asked.form == "csv", by=by)
    except FileProblems as error:
        return {"problems": listed(error)}
    return {"upload": str(upload.pk)}


def listed(error: FileProblems) -> list[tuple[int, str]]:
    return [(one.line, one.message) for one in error.problems]


def exported(by: User, asked: Own, file: bytes) -> str:
    return text_of(asked.name, asked.form, QueryDict(asked.query))


OWN_TOPICS: OwnTopics = {
    EXPORT: exported,
    FILE_CHECK: checked,
    FILE_PREVIEW: previewed,
}
