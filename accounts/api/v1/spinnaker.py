"""The connection with Spinnaker: what the last test saw, and another test."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema
from ninja.responses import Status

from accounts.api.authentication import ApiRequest
from accounts.api.idempotency import changes
from accounts.api.openapi.fields import RunBy
from accounts.api.operations import operation
from accounts.api.problems import Code, Problem, asked_of
from accounts.api.requests import Request
from accounts.discover.connection import FILE, connection_test, switches_of
from accounts.discover.questions import seen
from accounts.http import attachment
from accounts.mapping.managing import managing_row
from accounts.mapping.spinnaker import say_run_by
from accounts.models import Spinnaker
from accounts.spinnaker.testing import last_test

router = Router()

YAML, A_TEXT = "application/yaml", {"type": "object"}
NOT_CONNECTED = "Spinnaker isn't connected. An administrator connects it in Settings."


class Sighting(Schema):
    name: str
    outcome: str
    sentence: str
    fix: str


class Connection(Schema):
    url: str
    release: str
    is_tested: bool = Field(description="Whether a worker is testing it")
    tested_at: datetime | None
    message: str = Field(description="Why the last test didn’t finish")
    checks: list[Sighting]


class SpinnakerRunBy(Request):
    run_by: RunBy = Field(
        description=("How Spinnaker gets its accounts, or empty if unknown")
    )


@router.get("", response=Connection, summary="Read the connection with Spinnaker")
def read_spinnaker_connection(request: HttpRequest) -> dict[str, Any]:
    """Read what the last test of the connection saw; 404 where there is none."""
    return connection_of(connected())


@changes(router, "/test", "Test the connection with Spinnaker", {202: Connection})
def test_spinnaker_connection(request: ApiRequest) -> Any:
    """Let a worker test the connection. Nothing in Spinnaker changes."""
    row = connected()
    asked_of(connection_test(row), request.user, again=True)
    return Status(202, connection_of(row))


@router.get(
    "/clouddriver-local.yml",
    response={200: None},
    summary="Read what Clouddriver needs once",
    openapi_extra={"responses": {200: {"content": {YAML: {"schema": A_TEXT}}}}},
)
def read_clouddriver_file(request: HttpRequest) -> HttpResponse:
    """Read the settings that Clouddriver needs for deliveries."""
    text = switches_of(managing_row(), Spinnaker.objects.first())
    return attachment(text, FILE, YAML)


@router.get("/run-by", response=SpinnakerRunBy, summary="Read how Spinnaker is run")
def read_run_by(request: HttpRequest) -> dict[str, str]:
    """Read how Spinnaker is run; empty: nobody has set it."""
    return {"run_by": managing_row().run_by}


operation(
    router,
    "/run-by",
    say_run_by,
    "put_run_by",
    "Set how Spinnaker is run",
    {200: SpinnakerRunBy},
    says="Record how Spinnaker is run. Pages then show that way's commands first.",
    body=SpinnakerRunBy,
    answer=lambda request, _: read_run_by(request),
    method="PUT",
)


def connected() -> Spinnaker:
    row = Spinnaker.objects.first()
    if row is None:
        raise Problem(Code.NOT_CONNECTED, NOT_CONNECTED)
    return row


def connection_of(row: Spinnaker) -> dict[str, Any]:
    lookup = seen(connection_test(row))
    return {
        "url": row.url,
        "release": row.release,
        "is_tested": lookup is not None and lookup.waits,
        "tested_at": row.tested_at,
        "message": lookup.message if lookup else "",
        "checks": last_test(row),
    }
