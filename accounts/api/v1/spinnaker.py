"""The connection with a running Spinnaker, and deliveries to it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema
from ninja.responses import Status

from accounts.api.authentication import ApiRequest
from accounts.api.idempotency import changes
from accounts.api.openapi import DeliveryStatus, DeliveryVerb, RunBy, ServiceName
from accounts.api.operations import operation
from accounts.api.paging import Page, PageQuery, page_of
from accounts.api.problems import Code, Problem, asked_of
from accounts.api.requests import Request
from accounts.api.v1.runs import RunError, error_of
from accounts.api.v1.texts import Comment, Digest, Number, Typed
from accounts.discover.access import connection_test, switches_of
from accounts.discover.questions import seen
from accounts.http import attachment
from accounts.mapping.managing import managing_row
from accounts.mapping.spinnaker import say_run_by
from accounts.models import Delivery, Spinnaker
from accounts.models.spinnaker import Difference as Changed
from accounts.runs.deciding.confirmation import confirm_delivery
from accounts.spinnaker.deliveries.decisions import approve, discard, start_connected
from accounts.spinnaker.testing import last_test
from onboarding.delivery.verdicts import Verb
from onboarding.spinnaker.services.places import Service

deliveries = Router()

MOST = 10_000


class DeliveryStart(Request):
    agree: list[Annotated[str, Field(max_length=63)]] = Field(
        [],
        max_length=MOST,
        description="Names among “left” of the last delivery that Bowline may take "
        "over, overwrite or send again",
    )


class DeliveryApproval(Request):
    fingerprint: Digest = Field(description="Of the plan that you read")
    confirmation: Typed = Field(
        "", description="Such as “remove 2 accounts”, where Spinnaker loses some"
    )
    comment: Comment = ""

    def given(self, delivery: Delivery) -> dict[str, Any]:
        if removes := delivery.counts.get(Verb.REMOVE, 0):
            confirm_delivery(removes, self.confirmation)
        return {"read": self.fingerprint, "comment": self.comment}


class DeliveryListed(Schema):
    number: int
    status: DeliveryStatus
    counts: dict[str, int] = Field(description="How many accounts, by verb")
    created_at: datetime
    created_by: str = Field(alias="created_by_name")
    approved_at: datetime | None
    approved_by: str = Field(alias="approved_by_name")
    ended_at: datetime | None = Field(alias="finished_at")


class Difference(Schema):
    field: str
    before: Any
    after: Any

    @staticmethod
    def resolve_before(one: Changed) -> Any:
        return value(one.before)

    @staticmethod
    def resolve_after(one: Changed) -> Any:
        return value(one.after)


class StepListed(Schema):
    verb: DeliveryVerb
    type: str
    name: str
    differences: list[Difference] = Field(description="A kubeconfig is its SHA-256")
    sent_at: datetime | None
    seen_at: datetime | None = Field(description="When Spinnaker had loaded it")
    error: str


class LeftAlone(Schema):
    name: str
    type: str
    why: str
    sentence: str


class Progress(Schema):
    steps: int
    sent: int
    seen: int
    failed: int


class DeliveryInFull(DeliveryListed):
    fingerprint: str = Field(description="Identifies what was read: give it to approve")
    waiting: str
    error: RunError | None
    progress: Progress
    left: list[LeftAlone] = Field(description="Accounts that are left alone, and why")
    warnings: list[str]

    @staticmethod
    def resolve_error(row: Delivery) -> dict[str, str] | None:
        return error_of(row)


@deliveries.get("", response=Page[DeliveryListed], summary="List deliveries")
def list_deliveries(request: HttpRequest, asked: Query[PageQuery]) -> dict[str, Any]:
    """List the deliveries, newest first."""
    return page_of(Delivery.objects.light(), "-number", asked)


@deliveries.get("/{number}", response=DeliveryInFull, summary="Read a delivery")
def read_delivery(request: HttpRequest, number: Number) -> Delivery:
    """Read how far a delivery is, and what it leaves alone."""
    return delivery_numbered(number)


@deliveries.get(
    "/{number}/steps", response=Page[StepListed], summary="Read a delivery’s steps"
)
def read_delivery_steps(
    request: HttpRequest, number: Number, asked: Query[PageQuery]
) -> dict[str, Any]:
    """Read each account that is sent or deleted, in this order."""
    return page_of(delivery_numbered(number).steps.all(), "position", asked)


def delivery_numbered(number: Number) -> Delivery:
    """Find a delivery; 404 where there is none."""
    return get_object_or_404(Delivery, number=number)


def value(text: str | None) -> Any:
    return None if text is None else json.loads(text)


operation(
    deliveries,
    "",
    start_connected,
    "start_delivery",
    "Plan a delivery",
    {202: DeliveryInFull},
    says="Plan what to send to Spinnaker. Nothing is sent until it is approved.",
    body=DeliveryStart,
)
operation(
    deliveries,
    "/{number}/approve",
    approve,
    "approve_delivery",
    "Approve a delivery",
    {200: DeliveryInFull},
    says="Approve the plan whose fingerprint you give, and let a worker send it.",
    find=delivery_numbered,
    body=DeliveryApproval,
)
operation(
    deliveries,
    "/{number}/discard",
    discard,
    "discard_delivery",
    "Discard a delivery",
    {200: DeliveryInFull},
    says="Discard a plan that waits. Spinnaker is unchanged.",
    find=delivery_numbered,
)


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
    return service_file(Service.CLOUDDRIVER)


@router.get(
    "/services/{service}",
    response={200: None},
    summary="Read what a service needs once",
    openapi_extra={"responses": {200: {"content": {YAML: {"schema": A_TEXT}}}}},
)
def read_service_file(request: HttpRequest, service: ServiceName) -> HttpResponse:
    """Read the settings that a service needs for deliveries, as its file: for Deck,
    JavaScript. 404 where it needs none, such as Orca before an account has EC2.
    """
    return service_file(Service(service))


def service_file(service: Service) -> HttpResponse:
    texts = switches_of(managing_row(), Spinnaker.objects.first())
    if service not in texts:
        raise Http404
    return attachment(texts[service], service.file, service.media_type)


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
