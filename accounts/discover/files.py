"""What one person's file changes, and that it is saved: done by a worker if it is long.
What an existing Spinnaker has is read so, too.
"""

from __future__ import annotations

import json
from typing import Any

from accounts.discover.questions import question
from accounts.mapping.accounts_file import preview_all, register_all
from accounts.mapping.accounts_file.outcome import Doing, outcome
from accounts.mapping.accounts_file.uploading import check, save_as_previewed
from accounts.mapping.adopting.keeping import (
    CannotAdopt,
    ReportRequest,
    Source,
    gate_read,
    managed_role,
    reported,
    store_report,
)
from accounts.models import Question, Upload
from accounts.people.roles import OPERATOR
from onboarding.accounts_file import FileProblems
from onboarding.adopting.sources.passing import read_of


def problem_lines(error: FileProblems) -> dict[str, Any]:
    return {"problems": [(one.line, one.message) for one in error.problems]}


def changes_answer(asked: Question, doing: Doing) -> Any:
    csv = asked.input["form"] == "csv"
    try:
        said = outcome(asked.content, csv=csv, by=asked.person, doing=doing)
    except FileProblems as error:
        return problem_lines(error)
    return {"changes": said}


@question("file-preview", role=OPERATOR, is_own=True)
def previewed_file(asked: Question) -> Any:
    return changes_answer(asked, preview_all)


@question("file-save", role=OPERATOR, is_own=True)
def saved_file(asked: Question) -> Any:
    return changes_answer(asked, register_all)


@question("file-check", role=OPERATOR, is_own=True)
def checked_file(asked: Question) -> Any:
    name, csv = asked.input["name"], asked.input["form"] == "csv"
    try:
        upload = check(name, asked.content, csv=csv, by=asked.person)
    except FileProblems as error:
        return problem_lines(error)
    return {"upload": str(upload.pk)}


@question("upload-save", role=OPERATOR, is_own=True)
def saved_upload(asked: Question) -> Any:
    """Save what was checked, exactly as the preview said that the person saw."""
    upload = Upload.objects.unexpired().filter(pk=asked.input["upload"]).first()
    if upload is None:
        return {}
    try:
        outcome = save_as_previewed(upload, asked.person, seen=asked.input["seen"])
    except FileProblems as error:
        return problem_lines(error)
    return {"outcome": outcome.name}


@question("adopt-wait", role=OPERATOR, is_own=True)
def adopted_spinnaker(asked: Question) -> Any:
    """Read Gate, and report on it together with what was read of files."""
    sent = json.loads(asked.content)
    files = tuple(Source(**one) for one in sent["asked"].pop("files"))
    try:
        gate, _ = gate_read()
        report = reported(read_of(sent["read"]), gate, role=managed_role())
    except CannotAdopt as error:
        return {"refused": str(error)}
    row, _ = store_report(report, ReportRequest(files, **sent["asked"]), asked.person)
    return {"adoption": str(row.pk)}
