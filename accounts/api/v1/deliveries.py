"""Deliveries to a running Spinnaker: planned, read, and decided on."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema

from accounts.api.openapi.fields import DeliveryStatus, DeliveryVerb
from accounts.api.operations import operation
from accounts.api.paging import Page, PageQuery, page_of
from accounts.api.requests import Request
from accounts.api.v1.runs import RunError, error_of
from accounts.api.v1.texts import Comment, Digest, Number, Typed
from accounts.models import Delivery
from accounts.models.spinnaker import Difference as Changed
from accounts.runs.deciding.confirmation import confirm_delivery
from accounts.spinnaker.deliveries.decisions import approve, discard, start_connected
from onboarding.delivery.verdicts import Verb

router = Router()

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


@router.get("", response=Page[DeliveryListed], summary="List deliveries")
def list_deliveries(request: HttpRequest, asked: Query[PageQuery]) -> dict[str, Any]:
    """List the deliveries, newest first."""
    found = page_of(Delivery.objects.light(), "-number", asked)
    return found.page(found.rows)


@router.get("/{number}", response=DeliveryInFull, summary="Read a delivery")
def read_delivery(request: HttpRequest, number: Number) -> Delivery:
    """Read how far a delivery is, and what it leaves alone."""
    return delivery_numbered(number)


@router.get(
    "/{number}/steps", response=Page[StepListed], summary="Read a delivery’s steps"
)
def read_delivery_steps(
    request: HttpRequest, number: Number, asked: Query[PageQuery]
) -> dict[str, Any]:
    """Read each account that is sent or deleted, in this order."""
    found = page_of(delivery_numbered(number).steps.all(), "position", asked)
    return found.page(found.rows)


def delivery_numbered(number: Number) -> Delivery:
    """Find a delivery; 404 where there is none."""
    return get_object_or_404(Delivery, number=number)


def value(text: str | None) -> Any:
    return None if text is None else json.loads(text)


operation(
    router,
    "",
    start_connected,
    "start_delivery",
    "Plan a delivery",
    {202: DeliveryInFull},
    says="Plan what to send to Spinnaker. Nothing is sent until it is approved.",
    body=DeliveryStart,
)
operation(
    router,
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
    router,
    "/{number}/discard",
    discard,
    "discard_delivery",
    "Discard a delivery",
    {200: DeliveryInFull},
    says="Discard a plan that waits. Spinnaker is unchanged.",
    find=delivery_numbered,
)
