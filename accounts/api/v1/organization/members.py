"""The AWS organization: its accounts, read by a worker, and added as drafts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from django.http import HttpRequest, QueryDict
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema
from ninja.responses import Status

from accounts.api.authentication import OPERATES, ApiRequest
from accounts.api.codes import Code
from accounts.api.idempotency import changes
from accounts.api.openapi.fields import with_fields, with_filters
from accounts.api.paging import Page, PageQuery, page_of
from accounts.api.problems import Problem, refused_by
from accounts.api.requests import Exact, Request
from accounts.discover.organization import adding, reading
from accounts.discover.organization.members import (
    MOST_AT_ONCE,
    Listed,
    Shared,
    listed_members,
)
from accounts.forms.organization import SharedForm
from accounts.lists.members import MEMBERS, matching_members
from accounts.mapping.managing import managing_of, managing_row
from accounts.models import Organization, Question
from onboarding.description.fields import SHARED
from onboarding.description.values import read_back
from onboarding.topology import Managing

router = Router()

F = TypeVar("F", bound=SharedForm)
UNREAD = "The organization wasn't read yet. Read it first: POST /organization/read."
READS_ALREADY = "The organization is being read already."


@with_filters(MEMBERS)
class MemberFilters(Request):
    """What the organization’s accounts are searched by, as on their page."""


class Reading(Request):
    tags: bool | None = Field(
        None, description="Whether tags are read, too, from now on; null: as before"
    )


class OrganizationRead(Schema):
    organization_id: str
    is_reading: bool
    read_at: datetime | None
    message: str = Field(description="Why the newest reading ended early")
    hint: str


class MemberListed(Schema):
    account_id: str
    name: str = Field(description="In the organization")
    state: str
    unit: str
    joined_at: datetime | None
    account: str = Field(description="Its name in Bowline, or the proposed one")
    is_added: bool
    refusal: str = Field(description="Why it can’t be added, or empty if it can")


@with_fields(SHARED)
class InCommon(Exact):
    """What accounts have in common that are described together."""

    providers: list[str]
    external_id: bool = False


class Addition(InCommon):
    """Which accounts to add, and what they have in common."""

    accounts: list[Annotated[str, Field(pattern="^[0-9]{12}$")]] = Field(
        min_length=1, max_length=MOST_AT_ONCE, description="Their account IDs"
    )
    plan: bool = Field(False, description="Start a rollout of them")


class MembersAddition(Schema):
    id: UUID
    accounts: int
    checked: int
    added: str | None = Field(
        description="Search the list of accounts by it: it has exactly these"
    )
    rollout: int | None
    refused: list[str] = Field(description="Why nothing, or no rollout, was started")
    finished_at: datetime | None


@router.get(
    "",
    auth=OPERATES,
    response=OrganizationRead,
    summary="Read about the organization",
)
def read_organization(request: HttpRequest) -> Any:
    """Read when it was read last, and whether a worker reads it now."""
    return organization_of(managing_of(managing_row()))


@changes(router, "/read", "Read the organization", {202: OrganizationRead})
def start_reading_organization(request: ApiRequest, body: Reading) -> Any:
    """Let a worker read the organization’s units and accounts from AWS."""
    managing = managing_of(managing_row())
    if not reading.begin_reading(managing, request.user, tags=body.tags):
        raise Problem(Code.READING_OPEN, READS_ALREADY)
    return Status(202, organization_of(managing))


@router.get(
    "/members",
    auth=OPERATES,
    response=Page[MemberListed],
    summary="List the organization’s accounts",
)
def list_organization_members(
    request: HttpRequest, asked: Query[PageQuery], filters: Query[MemberFilters]
) -> dict[str, Any]:
    """List its accounts by ID, as the filters ask."""
    managing = managing_of(managing_row())
    members = matching_members(read_to_the_end(managing), request.GET)
    found = page_of(members.select_related("unit"), "account_id", asked)
    items = [member_of(one) for one in listed_members(found.rows, managing)]
    return found.page(items)


@changes(router, "/members", "Add accounts of the organization", {202: MembersAddition})
def add_organization_members(request: ApiRequest, body: Addition) -> Any:
    """Let a worker describe these accounts as drafts: all of them, or none."""
    managing = managing_of(managing_row())
    row = adding.begin_adding(
        read_to_the_end(managing),
        body.accounts,
        shared_of(body, managing.partition),
        request.user,
        plans=body.plan,
    )
    return Status(202, adds_of(row))


@router.get(
    "/additions/{id}",
    auth=OPERATES,
    response=MembersAddition,
    summary="Read how far an addition is",
)
def read_organization_addition(request: ApiRequest, id: UUID) -> dict[str, Any]:
    """Read how many accounts were checked, and where it led."""
    return adds_of(get_object_or_404(adding.added_members.read(request.user), pk=id))


def organization_of(managing: Managing) -> Organization:
    kept = reading.kept_organization(managing)
    if kept is None:
        raise Problem(Code.NO_ORGANIZATION, UNREAD)
    return kept


def read_to_the_end(managing: Managing) -> Organization:
    """Return what was read; raise Problem where that never came to its end."""
    kept = reading.kept_organization(managing)
    if kept is None or kept.read_at is None:
        raise Problem(Code.ORGANIZATION_UNREAD, UNREAD)
    return kept


def shared_of(body: Addition, partition: str) -> Shared:
    """Read what they have in common by the page's own form; raise Problem."""
    return checked(SharedForm(filled(body), partition=partition)).shared()


def filled(body: Schema) -> QueryDict:
    """Fill the page's form in."""
    asked = body.model_dump()
    said = QueryDict(mutable=True)
    said.setlist("providers", asked["providers"])
    for name, column in read_back(asked, SHARED).items():
        said.setlist(name, [in_form(column)])
    return said


def in_form(column: Any) -> str:
    """Write what a column holds as a person fills it in."""
    if isinstance(column, bool):
        return "on" if column else ""
    return "\n".join(column) if isinstance(column, list) else str(column)


def checked(form: F) -> F:
    """Return the form if it is valid; raise Problem with its sentences."""
    if not form.is_valid():
        raise refused_by(form, NAMES)
    return form


NAMES = {one.name: ".".join(one.keys) for one in SHARED}
"""How a request calls what the form calls otherwise."""


def member_of(one: Listed) -> dict[str, Any]:
    member = one.member
    return {
        "account_id": member.account_id,
        "name": member.name,
        "state": member.word,
        "unit": member.unit.path if member.unit else "",
        "joined_at": member.joined_at,
        "account": one.name,
        "is_added": one.added is not None,
        "refusal": one.refusal,
    }


def adds_of(row: Question) -> dict[str, Any]:
    how_far = adding.so_far(row).model_dump()
    return {
        **how_far,
        "id": row.pk,
        "accounts": adding.count_chosen(row),
        "added": how_far["added"] or None,
        "finished_at": row.answered_at,
    }
