"""The AWS organization: its accounts and units, read by a worker, added,
watched, handed off.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeVar
from uuid import UUID

from django.http import HttpRequest, QueryDict
from django.shortcuts import get_object_or_404
from ninja import Field, Path, Query, Router, Schema
from ninja.responses import Status

from accounts.api.authentication import OPERATES, ApiRequest
from accounts.api.idempotency import changes
from accounts.api.openapi import YesNo, with_fields, with_filters
from accounts.api.operations import operation
from accounts.api.paging import Page, PageQuery, page_of
from accounts.api.problems import Code, Problem, refused_by
from accounts.api.requests import Exact, Request
from accounts.api.v1.accounts.access import HandOffFile
from accounts.api.v1.texts import NO_NUL
from accounts.discover.organization import reading, watching
from accounts.discover.organization.members import (
    MOST_AT_ONCE,
    Listed,
    listed_members,
)
from accounts.discover.organization.watching import stop_watching, watch_unit
from accounts.forms.organization import SharedForm, WatchForm
from accounts.lists.members import MEMBERS, matching_members
from accounts.mapping.managed import columns_of_row
from accounts.mapping.managing import managing_of, managing_row
from accounts.models import Organization, Question, Unit, Watch
from accounts.runs.owners.organization import hand_out_sets, look_at_all, stack_sets
from onboarding.description.fields import SHARED
from onboarding.description.values import read_back, spelled
from onboarding.handoff.organization import package
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
    account_id: str = Field(alias="member.account_id")
    name: str = Field(alias="member.name", description="In the organization")
    state: str = Field(alias="member.word")
    unit: str
    joined_at: datetime | None = Field(alias="member.joined_at")
    account: str = Field(
        alias="name", description="Its name in Bowline, or the proposed one"
    )
    is_added: bool
    refusal: str = Field(description="Why it can’t be added, or empty if it can")

    @staticmethod
    def resolve_unit(one: Listed) -> str:
        return one.member.unit.path if one.member.unit else ""

    @staticmethod
    def resolve_is_added(one: Listed) -> bool:
        return one.added is not None


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
    listed = partial(listed_members, managing=managing)
    return page_of(members.select_related("unit"), "account_id", asked, listed)


@changes(router, "/members", "Add accounts of the organization", {202: MembersAddition})
def add_organization_members(request: ApiRequest, body: Addition) -> Any:
    """Let a worker describe these accounts as drafts: all of them, or none."""
    kept = organization()
    form = checked(SharedForm(filled(body), partition=kept.partition))
    row = watching.begin_adding(
        kept, body.accounts, form.shared(), request.user, plans=body.plan
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
    return adds_of(get_object_or_404(watching.added_members.read(request.user), pk=id))


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


def adds_of(row: Question) -> dict[str, Any]:
    how_far = watching.so_far(row).model_dump()
    return {
        **how_far,
        "id": row.pk,
        "accounts": watching.count_chosen(row),
        "added": how_far["added"] or None,
        "finished_at": row.answered_at,
    }


class StackSetListed(Schema):
    name: str
    accounts: int
    verified: int
    waiting: int
    troubled: int


class OrganizationHandOff(Schema):
    stack_sets: list[StackSetListed]
    files: list[HandOffFile]


class Waiting(Schema):
    waiting: int


@router.get(
    "/hand-off",
    auth=OPERATES,
    response=OrganizationHandOff,
    summary="Read what the organization’s administrator receives",
)
def read_organization_hand_off(request: ApiRequest) -> dict[str, Any]:
    """Read the files with which StackSets create the roles, and how far they are. The
    activity log says who did.
    """
    files = package(hand_out_sets(request.user))
    return {"stack_sets": stack_sets(), "files": files}


operation(
    router,
    "/hand-off/look",
    look_at_all,
    "check_for_organization",
    "Check whether the organization is done",
    {202: Waiting},
    says="Check at once all accounts that wait for the organization.",
    answer=lambda _, waiting: {"waiting": waiting},
)


UnitId = Annotated[str, Path(max_length=68, pattern="^[a-z0-9-]+$")]
Key = Annotated[str, Field(max_length=128, pattern=NO_NUL)]


class UnitFilters(Request):
    watched: YesNo | None = None


class WatchTemplate(InCommon):
    """What new accounts of a watched unit are described with."""

    roles_tag: Key = Field(
        "", description="The tag whose value is the group with write access"
    )


@with_fields(SHARED, always=True)
class WatchedWith(Schema):
    since: datetime
    created_by: str
    providers: list[str]
    roles_tag: str


class UnitListed(Schema):
    id: str = Field(alias="unit_id")
    path: str = Field(description="The names from the root to it")
    watch: WatchedWith | None = Field(description="null: it isn’t watched")

    @staticmethod
    def resolve_watch(row: Unit) -> dict[str, Any] | None:
        watch: Watch | None = getattr(row, "watch", None)
        return watched_with(watch) if watch else None


@router.get(
    "/units",
    auth=OPERATES,
    response=Page[UnitListed],
    summary="List the organization’s units",
)
def list_organization_units(
    request: HttpRequest, asked: Query[PageQuery], filters: Query[UnitFilters]
) -> dict[str, Any]:
    """List its units by ID, each with what its new accounts are described with."""
    rows = Unit.objects.filter(organization=organization()).select_related("watch")
    if filters.watched:
        rows = rows.filter(watch__isnull=filters.watched == "no")
    return page_of(rows, "unit_id", asked)


@changes(
    router,
    "/units/{unit}/watch",
    "Watch a unit",
    {200: UnitListed, 201: UnitListed},
    method="PUT",
)
def watch_organization_unit(
    request: ApiRequest, unit: UnitId, body: WatchTemplate
) -> Any:
    """Make drafts of new accounts in the unit and below it. If the unit is watched
    already, later drafts are described as this request says. Nothing is planned.
    """
    row, kept = unit_called(unit), organization()
    said = filled(body)
    said.update({"unit": str(row.pk), "roles_tag": body.roles_tag})
    partition = managing_row().partition
    form = checked(WatchForm(said, organization=kept, partition=partition))
    roles_tag = form.cleaned_data["roles_tag"]
    existed = Watch.objects.filter(unit=row).exists()
    watch_unit(row, form.shared(), roles_tag, request.user)
    return Status(200 if existed else 201, unit_called(unit))


def organization() -> Organization:
    return read_to_the_end(managing_of(managing_row()))


def unit_called(unit_id: str) -> Unit:
    """Find a unit by its ID; 404 where there is none."""
    rows = Unit.objects.select_related("watch")
    return get_object_or_404(rows, organization=organization(), unit_id=unit_id)


def watched_with(watch: Watch) -> dict[str, Any]:
    return {
        "since": watch.since,
        "created_by": watch.created_by_name,
        **spelled(columns_of_row(watch, SHARED), SHARED),
        "providers": watch.providers,
        "roles_tag": watch.roles_tag,
    }


def watch_on(unit: UnitId) -> Watch:
    rows = Watch.objects.select_related("unit")
    return get_object_or_404(rows, unit=unit_called(unit))


operation(
    router,
    "/units/{unit}/watch",
    stop_watching,
    "unwatch_organization_unit",
    "Stop watching a unit",
    {204: None},
    says="Stop making drafts of new accounts in the unit. Existing ones stay.",
    find=watch_on,
    method="DELETE",
)
