"""The accounts file as a whole: sent by a program, previewed, and read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from django.contrib.auth.models import User
from django.http import HttpResponse
from ninja import Field, Query, Router, Schema

from accounts.api.authentication import OPERATES, ApiRequest
from accounts.api.files import takes_a_file
from accounts.api.idempotency import once, once_if_keyed
from accounts.api.limits import count
from accounts.api.problems import Problem
from accounts.mapping.accounts_file import (
    differs,
    preview_all,
    register_all,
    spinnaker_differs,
)
from accounts.mapping.accounts_file.comparison import CHANGED, NEW, SAME, Comparison
from accounts.mapping.accounts_file.export import export
from accounts.models import ManagedAccount, ManagingAccount
from onboarding.accounts_file import AccountsFile, FileProblems, read
from onboarding.accounts_file.reader import Problem as Wrong

router = Router()

Doing: TypeAlias = Callable[[AccountsFile, User], Comparison]

YAML, CSV = "application/yaml", "text/csv"
A_FILE = {YAML: {"schema": {"type": "object"}}, CSV: {"schema": {"type": "string"}}}
SENDS_A_FILE = {"requestBody": {"required": True, "content": A_FILE}}
ACCOUNTS, BYTES = 200, 20_000
"""How much of a file takes as long as another request."""
OTHER_CONNECTION = (
    "The file describes the connection with Spinnaker differently. An administrator "
    "changes that in Settings: remove it from the file, or describe it as it is."
)


class FileSaved(Schema):
    """What the file changed, by the names of its accounts."""

    new: list[str]
    changed: list[str]
    same: int
    left_alone: int = Field(description="Accounts of Bowline that are not in the file")
    managing: bool = Field(description="Whether the managing account changed")


class FileAsked(Schema):
    format: str = Field("yaml", pattern="^(yaml|csv)$")


@router.get(
    "",
    auth=OPERATES,
    response={200: None},
    summary="Read the accounts file",
    openapi_extra={"responses": {200: {"content": A_FILE}}},
)
def read_file(request: ApiRequest, asked: Query[FileAsked]) -> HttpResponse:
    """Read all that is described as an accounts file, which can be sent again. Every
    200 accounts count as a request.
    """
    count(str(request.token.pk), ManagedAccount.objects.count() // ACCOUNTS)
    csv = asked.format == "csv"
    kind = f"{CSV if csv else YAML}; charset=utf-8"
    return HttpResponse(export().text(csv=csv), content_type=kind)


@router.post(
    "",
    auth=OPERATES,
    response={200: FileSaved},
    summary="Save an accounts file",
    openapi_extra=SENDS_A_FILE,
)
@takes_a_file
@once
def save_file(request: ApiRequest) -> Any:
    """Describe every account of the file as it says, or none of them. The same file
    again changes nothing. Accounts that are not in it stay as they are, and AWS is
    unchanged until plans are approved. Every 20,000 bytes count as a request.
    """
    return answered(request, register_all)


@router.post(
    "/preview",
    auth=OPERATES,
    response={200: FileSaved},
    summary="Preview an accounts file",
    openapi_extra=SENDS_A_FILE,
)
@takes_a_file
@once_if_keyed
def preview_file(request: ApiRequest) -> Any:
    """Say what saving the file would change, or what is wrong with it. Nothing is
    saved. Every 20,000 bytes count as a request.
    """
    return answered(request, preview_all)


def answered(request: ApiRequest, doing: Doing) -> dict[str, Any]:
    """Save or preview the file; raise Problem with all that is wrong, and where."""
    count(str(request.token.pk), len(request.body) // BYTES)
    try:
        return done(request, doing)
    except FileProblems as error:
        errors = [
            {"at": f"line {one.line}", "message": one.message} for one in error.problems
        ]
        raise Problem(422, errors[0]["message"], errors=errors) from error


def done(request: ApiRequest, doing: Doing) -> dict[str, Any]:
    row = ManagingAccount.objects.first()
    partition = row.partition if row else "aws"
    file = read(request.body, partition=partition, csv=request.content_type == CSV)
    if spinnaker_differs(file):
        raise FileProblems([Wrong(file.spinnaker_line, OTHER_CONNECTION)])
    managing = file.managing is not None and (row is None or differs(file, row))
    found = doing(file, request.user)
    new, changed = (
        [one.written.managed.name for one in found.those(what)]
        for what in (NEW, CHANGED)
    )
    return {
        "new": new,
        "changed": changed,
        "same": len(found.those(SAME)),
        "left_alone": found.left_alone,
        "managing": managing,
    }
