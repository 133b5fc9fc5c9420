"""The accounts file as a whole: sent by a program, previewed, and read.

A worker compares and saves what is long, and writes many accounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from ninja import Field, Query, Router, Schema
from ninja.responses import Status

from accounts.api.authentication import OPERATES, ApiRequest, count
from accounts.api.idempotency import once, once_if_keyed
from accounts.api.problems import Code, Problem, answer_of, asked_of
from accounts.api.requests import takes_bytes
from accounts.api.v1.bundles import AskedBefore
from accounts.api.v1.texts import READ_AGAIN
from accounts.discover.files import previewed_file, saved_file
from accounts.discover.questions import OWN_KEPT, Kind, seen
from accounts.lists.accounts import ACCOUNTS_FILE, are_few, lines_of, written_list
from accounts.mapping.accounts_file import preview_all, register_all
from accounts.mapping.accounts_file.outcome import Doing, is_short, outcome
from accounts.models import ManagedAccount, Question
from accounts.packed import unpacked
from onboarding.accounts_file import FileProblems
from onboarding.accounts_file.reader import TOO_LARGE
from onboarding.bounded_yaml import MOST_BYTES

router = Router()

YAML, CSV = "application/yaml", "text/csv"
A_FILE = {YAML: {"schema": {"type": "object"}}, CSV: {"schema": {"type": "string"}}}
BYTES_OF_IT = {"schema": {"type": "string", "format": "binary"}}
SENT = A_FILE | {"application/octet-stream": BYTES_OF_IT}  # which is read as YAML
SENDS_A_FILE = {"requestBody": {"required": True, "content": SENT}}
ACCOUNTS, BYTES = 200, 20_000
"""How much of a file takes as long as another request."""
Digest = Annotated[str, Field(max_length=64, pattern="^[0-9a-f]+$")]
NOT_THERE = (
    f"There is no such answer. It is kept for {OWN_KEPT.seconds // 60} minutes, for "
    "the person who sent the file. Send it again."
)


class FileSaved(Schema):
    """What the file changed, by the names of its accounts."""

    new: list[str]
    changed: list[str]
    same: int
    left_alone: int = Field(description="Accounts of Bowline that aren’t in the file")
    managing: bool = Field(description="Whether the managing account changed")


class FileWaits(Schema):
    """A worker does it."""

    path: str = Field(description=READ_AGAIN)
    in_progress: bool = Field(description="Poll until the answer doesn’t have it")


class FileAsked(AskedBefore):
    format: str = Field("yaml", pattern="^(yaml|csv)$")


@router.get(
    "",
    auth=OPERATES,
    response={200: None, 202: FileWaits},
    summary="Read the accounts file",
    openapi_extra={"responses": {200: {"content": A_FILE}}},
)
def read_accounts_file(request: ApiRequest, wanted: Query[FileAsked]) -> Any:
    """Read all that is described as an accounts file, which can be sent again. Every
    200 accounts count as a request. A worker writes many accounts: the answer is 202
    until then.
    """
    form, accounts = wanted.format, ManagedAccount.objects.count()
    if are_few(accounts):
        count(request, str(request.token.pk), accounts // ACCOUNTS)
        return file_of("".join(lines_of(ACCOUNTS_FILE, form)), form)
    question = written_list.about(request.user, form=form, name=ACCOUNTS_FILE)
    asked = seen(question)
    if asked is None or not (asked.waits or 0 < wanted.asked <= asked.times_asked):
        count(request, str(request.token.pk), accounts // ACCOUNTS)
        asked = asked_of(question, request.user, again=True)
    if asked.waits:
        again = f"/accounts-file?format={form}&asked={asked.times_asked}"
        return Status(202, {"path": again, "in_progress": True})
    return file_of(unpacked(answer_of(asked)), form)


def file_of(text: str | Iterator[str], form: str) -> HttpResponseBase:
    kind = CSV if form == "csv" else YAML
    answer = HttpResponse if isinstance(text, str) else StreamingHttpResponse
    return answer(text, content_type=f"{kind}; charset=utf-8")


@router.post(
    "",
    auth=OPERATES,
    response={200: FileSaved, 202: FileWaits},
    summary="Save an accounts file",
    openapi_extra=SENDS_A_FILE,
)
@takes_bytes(MOST_BYTES, TOO_LARGE)
@once
def save_accounts_file(request: ApiRequest) -> Any:
    """Describe every account of the file as it says, or none of them. The same file
    again changes nothing. Accounts that are not in it stay as they are, and AWS is
    unchanged until plans are approved. Every 20,000 bytes count as a request. A worker
    saves a long file: the answer is 202, with where to read what changed.
    """
    return answered(request, saved_file, register_all)


@router.get(
    "/saved/{saved}",
    auth=OPERATES,
    response={200: FileSaved, 202: FileWaits},
    summary="Read what a long accounts file changed",
)
def read_saved_accounts_file(request: ApiRequest, saved: Digest) -> Any:
    """Read what saving the file changed. The answer is 202 until a worker has saved it,
    and 404 ten minutes after that, or where somebody else sent the file.
    """
    return answer_to(request, saved_file, saved)


@router.post(
    "/preview",
    auth=OPERATES,
    response={200: FileSaved, 202: FileWaits},
    summary="Preview an accounts file",
    openapi_extra=SENDS_A_FILE,
)
@takes_bytes(MOST_BYTES, TOO_LARGE)
@once_if_keyed
def preview_accounts_file(request: ApiRequest) -> Any:
    """Say what saving the file would change, or what is wrong with it. Nothing is
    saved. Every 20,000 bytes count as a request. A worker compares a long file: the
    answer is 202, with where to read what it found.
    """
    return answered(request, previewed_file, preview_all)


@router.get(
    "/preview/{preview}",
    auth=OPERATES,
    response={200: FileSaved, 202: FileWaits},
    summary="Read the preview of a long accounts file",
)
def read_accounts_file_preview(request: ApiRequest, preview: Digest) -> Any:
    """Read what saving the file would change. The answer is 202 until a worker has
    compared it, and 404 ten minutes after that, or where somebody else sent the file.
    """
    return answer_to(request, previewed_file, preview)


def answer_to(request: ApiRequest, kind: Kind, key: str) -> Any:
    """Return what a worker found in a file of this person; raise Problem else."""
    asked = kind.read(request.user).filter(key=key).first()
    if asked is None:
        raise Problem(Code.NO_ANSWER, NOT_THERE)
    if asked.waits:
        return Status(202, waits(asked))
    match answer_of(asked):
        case {"changes": changes}:
            return changes
        case {"problems": problems}:
            raise wrong(problems)
    raise Problem(Code.NO_ANSWER, NOT_THERE)  # another release wrote it


def waits(asked: Question) -> dict[str, Any]:
    path = f"/accounts-file/{PATHS[asked.kind]}/{asked.key}"
    return {"path": path, "in_progress": True}


PATHS = {previewed_file.name: "preview", saved_file.name: "saved"}


def answered(request: ApiRequest, kind: Kind, doing: Doing) -> Any:
    """Save or preview the file, or let a worker do it; raise Problem with all that is
    wrong, and where.
    """
    body, csv = request.body, request.content_type == CSV
    count(request, str(request.token.pk), len(body) // BYTES)
    if not is_short(body):
        question = kind.about(request.user, body, form="csv" if csv else "yaml")
        asked = asked_of(question, request.user, again=True)
        return Status(202, waits(asked))
    try:
        return outcome(body, csv=csv, by=request.user, doing=doing)
    except FileProblems as error:
        raise wrong((one.line, one.message) for one in error.problems) from error


def wrong(problems: Iterable[tuple[int, str]]) -> Problem:
    errors = [{"at": f"line {line}", "message": said} for line, said in problems]
    return Problem(Code.INVALID, errors[0]["message"], errors=errors)
