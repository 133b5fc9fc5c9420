"""An existing Spinnaker: its files are read and reported on, and never stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.debug import sensitive_variables
from ninja import Field, Query, Router, Schema
from ninja.responses import Status

from accounts.api.authentication import OPERATES, ApiRequest, count
from accounts.api.idempotency import once_if_keyed
from accounts.api.problems import Code, Problem, too_much_asked
from accounts.api.requests import READ_ON, Exact, Request, takes_bytes
from accounts.api.v1.accounts_file import ACCOUNTS, BYTES, YAML, file_of
from accounts.api.v1.texts import Filter
from accounts.discover.looking import look
from accounts.mapping.adopting.again import (
    AdoptedAgain,
    adopted_again,
    identity_for_file,
    of_stored,
)
from accounts.mapping.adopting.keeping import (
    MOST_FILES,
    TOO_MUCH,
    CannotAdopt,
    NoSuchAccount,
    ReadsAnother,
    ReportRequest,
    are_too_much,
    document_of,
    files_read,
    found_by,
    managed_role,
    one_at_a_time,
    reported,
    sources_of,
    store_report,
    taken_of,
)
from accounts.models import Adoption
from accounts.models.question import LONGEST_NAME, SpinnakerReport
from onboarding.adopting.looking import identity_of
from onboarding.adopting.report import accounts_file
from onboarding.names import ROLE_NAME, BadName, seen

router = Router()

FileName = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Deployment = Annotated[str, Field(max_length=LONGEST_NAME)]
MOST_CONFIRMED = 10_000
MOST_CHOICES, MOST_OF_CHOICE = 1_000, 500
TWICE = "Two files have the same name."
NOTHING_TAKEN = "No account can be taken, so there's no accounts file."
A_YAML = {YAML: {"schema": {"type": "object"}}}


class SpinnakerFile(Exact):
    name: FileName = Field(description="With folders, where the place matters")
    text: str


class SpinnakerFiles(Exact):
    """The files of one Spinnaker."""

    files: list[SpinnakerFile] = Field(min_length=1, max_length=MOST_FILES)
    deployment: Deployment = Field("", description="Of Halyard’s config")
    look_with: Filter = Field(
        "", description="A role that Bowline assumes in each account, to look at AWS"
    )
    confirm: list[FileName] = Field(
        default_factory=list,
        max_length=MOST_CONFIRMED,
        description="Accounts that are taken as a file describes them, though Gate "
        "says that Spinnaker has them otherwise, or not at all",
    )


class AdoptionMade(Schema):
    """The report that was made, or that exists for the same files."""

    id: UUID
    path: str = Field(description="Where to read the report, below /api/v1")
    taken: int = Field(description="Accounts of Spinnaker that can be taken")
    left: int
    waiting: int = Field(description="Of those left, how many `confirm` would take")
    accounts: int = Field(description="Accounts that the accounts file has")


class AdoptionValue(Schema):
    """A value that the sources have otherwise than when they were last adopted."""

    account: str = Field(description="As Bowline calls it")
    field: str = Field(alias="difference.field")
    before: Any = Field(
        alias="difference.before",
        description="In the sources when they were last adopted. null: it was missing",
    )
    before_known: bool = Field(
        alias="difference.is_known",
        description="false where the account was adopted by a version that didn’t "
        "keep the sources’ values",
    )
    now: Any = Field(
        alias="difference.now", description="In the sources. null: it is missing"
    )
    in_bowline: Any = Field(alias="difference.here")
    conflict: bool = Field(
        alias="difference.is_conflict",
        description="Whether Bowline has changed it since, too, so that its value "
        "stays unless `take` names it",
    )
    taken: bool = Field(
        alias="difference.is_taken",
        description="Whether the accounts file has the sources’ value",
    )
    decided_by: str = Field(
        alias="who", description="Of a conflict: who changed it in Bowline"
    )
    decided_at: datetime | None = Field(alias="at")


class AdoptionRenamed(Schema):
    before: str
    now: str


class AdoptionHeldBack(Schema):
    account: str = Field(alias="name")
    reason: str


class AdoptionChanges(Schema):
    """What saving the accounts file of a report would change."""

    unchanged: bool = Field(alias="is_unchanged")
    new: list[str]
    same: int = Field(description="Accounts of Bowline in which nothing changes")
    renamed: list[AdoptionRenamed]
    changed: list[AdoptionValue]
    removed: list[str] = Field(
        alias="gone",
        description="Adopted earlier, and no longer in the sources. None is deleted",
    )
    held_back: list[AdoptionHeldBack] = Field(
        description="Accounts that aren’t in the file, and stay as they are"
    )

    @staticmethod
    def resolve_renamed(again: AdoptedAgain) -> list[dict[str, str]]:
        return [{"before": before, "now": now} for before, now in again.renamed]


Choice = Annotated[str, Field(max_length=MOST_OF_CHOICE)]


class Answers(Request):
    take: list[Choice] = Field(
        default_factory=list,
        max_length=MOST_CHOICES,
        description="Conflicts, each as `NAME:FIELD`, of which the file gets the "
        "sources’ value",
    )
    keep: list[Choice] = Field(
        default_factory=list,
        max_length=MOST_CHOICES,
        description="Conflicts of which Bowline’s value stays, and that aren’t asked "
        "again until the sources change the value",
    )


class FileWanted(Answers):
    access_role: Filter = Field("", description="By which Bowline reaches the accounts")
    identity: Filter = Field(
        "", description="Spinnaker’s, by its ARN: the file has the managing account"
    )


@router.post(
    "",
    auth=OPERATES,
    response={200: AdoptionMade, 201: AdoptionMade},
    summary="Report on an existing Spinnaker",
)
@once_if_keyed
@takes_bytes(READ_ON, TOO_MUCH)
@sensitive_variables()
def report_on_spinnaker(request: ApiRequest, body: SpinnakerFiles) -> Any:
    """Read the files, and keep the report for 30 days. The files may hold secrets: they
    are not stored, and the report has none. The same files again lead to the same
    report. There may be 100 files, each of 16 MB, and of 24 MB in total; every 20,000
    bytes count as a request.

    If Gate's list of loaded accounts is among the files, an account that Spinnaker has
    otherwise than a file describes it, or not at all, is left, and `in_spinnaker` says
    how: send the same files with its name in `confirm` to take it as it is described.

    With `look_with`, a worker then reads the roles of the accounts that can be taken,
    and changes nothing: `look` in the report says how many it has read.
    """
    files = contents_of(body)
    role = body.look_with and checked_text("look_with", body.look_with, ROLE_NAME)
    count(request, str(request.token.pk), sum(map(len, files.values())) // BYTES)
    deployment = body.deployment and checked_text("deployment", body.deployment)
    confirmed = [checked_text("confirm", name) for name in body.confirm]
    try:
        with one_at_a_time():
            read = files_read(files, deployment=deployment)
            report = reported(read, role=managed_role(), confirmed=confirmed)
    except ReadsAnother as error:
        raise Problem(Code.QUESTIONS, str(error), Retry_After="3") from None
    except CannotAdopt as error:
        at = "confirm" if isinstance(error, NoSuchAccount) else "files"
        raise invalid(at, str(error)) from None
    row, is_new = store_report(
        report, ReportRequest(sources_of(files), deployment), request.user
    )
    if role and row.taken and look(row, role, request.user) is None:
        raise too_much_asked()
    return Status(201 if is_new else 200, made(row))


def contents_of(body: SpinnakerFiles) -> dict[str, bytes]:
    """Return the files by name; raise Problem where they exceed their bounds."""
    files = {
        checked_text("files", one.name): one.text.encode(errors="replace")
        for one in body.files
    }
    if len(files) < len(body.files):
        raise invalid("files", TWICE)
    if are_too_much([*map(len, files.values())]):
        raise Problem(Code.TOO_LARGE, TOO_MUCH)
    return files


def checked_text(at: str, text: str, rule: Callable[[str], str] = seen) -> str:
    try:
        return rule(text)
    except BadName as error:
        raise invalid(at, str(error)) from None


def invalid(at: str, sentence: str) -> Problem:
    error = {"at": f"body.{at}", "message": sentence}
    return Problem(Code.INVALID, sentence, errors=[error])


def made(row: Adoption) -> dict[str, Any]:
    return {
        "id": row.pk,
        "path": f"/adoptions/{row.pk}",
        "taken": row.can_be_taken,
        "left": row.report["counts"]["left"],
        "waiting": row.waiting,
        "accounts": len(row.taken),
    }


@router.get(
    "/{id}",
    auth=OPERATES,
    response=SpinnakerReport,
    summary="Read a report on a Spinnaker",
)
def read_spinnaker_report(request: ApiRequest, id: UUID) -> Any:
    """Read which accounts can be taken, what becomes of each field, and why the others
    are left. Every 200 accounts count as a request.
    """
    row = get_object_or_404(Adoption.objects.unexpired(), pk=id)
    count(request, str(request.token.pk), row.accounts.count() // ACCOUNTS)
    document = document_of(row)
    if row.look is not None:
        identity = identity_of(in_aws for _, in_aws in found_by(row))
        document["look"] = {**row.look, "identity": identity}
    return document


@router.get(
    "/{id}/accounts-file",
    auth=OPERATES,
    response={200: None},
    summary="Read what can be taken",
    openapi_extra={"responses": {200: {"content": A_YAML}}},
)
def read_taken_accounts(
    request: ApiRequest, id: UUID, wanted: Query[FileWanted]
) -> HttpResponseBase:
    """Read the accounts that can be taken as an accounts file, which can be previewed
    and saved. Accounts that Bowline has keep their values, unless the sources changed
    them since they were last adopted: `changes` says which. Every 200 accounts count as
    a request.
    """
    row = row_with_accounts(request, id)
    try:
        again = compared(row, wanted, access_role=wanted.access_role)
        identity = identity_for_file(wanted.identity)
        text = accounts_file(again.taken, identity=identity)
    except ValueError as error:
        raise Problem(Code.INVALID, str(error)) from None
    return file_of(text, "yaml")


@router.get(
    "/{id}/changes",
    auth=OPERATES,
    response=AdoptionChanges,
    summary="Read what adopting again changes",
)
def read_adoption_changes(request: ApiRequest, id: UUID, wanted: Query[Answers]) -> Any:
    """Read what the accounts file would change of accounts that Bowline has: only what
    the sources changed since they were last adopted. A value that Bowline has changed,
    too, is a conflict: Bowline’s value stays unless `take` names it. Every 200 accounts
    count as a request.
    """
    row = row_with_accounts(request, id)
    try:
        return compared(row, wanted)
    except ValueError as error:
        raise Problem(Code.INVALID, str(error)) from None


def row_with_accounts(request: ApiRequest, id: UUID) -> Adoption:
    row = get_object_or_404(Adoption.objects.unexpired(), pk=id)
    if not row.taken:
        raise Problem(Code.NO_ANSWER, NOTHING_TAKEN)
    count(request, str(request.token.pk), len(row.taken) // ACCOUNTS)
    return row


def compared(row: Adoption, wanted: Answers, *, access_role: str = "") -> AdoptedAgain:
    return adopted_again(
        taken_of(row),
        of_stored(row),
        access_role=access_role,
        take=wanted.take,
        keep=wanted.keep,
    )
