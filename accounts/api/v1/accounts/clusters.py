"""Searches for EKS clusters, and the accounts that have them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema
from ninja.responses import Status

from accounts.api.authentication import OPERATES, ApiRequest
from accounts.api.idempotency import changes
from accounts.api.openapi import with_filters
from accounts.api.paging import LARGEST, Page, PageQuery, page_of
from accounts.api.problems import Code, Problem, refused_by
from accounts.api.requests import Exact, Request
from accounts.api.v1.rollouts import Chosen, chosen_by
from accounts.api.v1.texts import NO_NUL
from accounts.discover.clusters import (
    ClustersRefused,
    begin_search,
    describe_ticked,
    found_clusters,
    running_of,
)
from accounts.forms.organization import AlikeForm
from accounts.lists.members import CLUSTERS, WIDE, keys_like
from accounts.models import Question
from accounts.slices import in_slices

router = Router()

MOST = 10_000
"""The most clusters that one request describes."""
RUNNING = "Your last search is still in progress."
NOT_YET = "The search is still in progress. Wait until it finishes."

Pattern = Annotated[str, Field(max_length=100, pattern=NO_NUL)]
Namespace = Annotated[str, Field(max_length=63, pattern=NO_NUL)]
Key = Annotated[int, Field(ge=1, le=LARGEST)]


@with_filters(CLUSTERS)
class ClusterFilters(Request):
    """What its list is searched by."""


class Searching(Schema):
    id: UUID
    accounts: int
    read: int = Field(description="How many accounts are read so far")
    clusters: int
    unread: int = Field(description="How many accounts couldn’t be read")
    started_at: datetime
    finished_at: datetime | None


class ClusterListed(Schema):
    id: int
    account: str = Field(alias="account.name")
    account_id: str = Field(alias="account.account_id")
    name: str
    region: str
    endpoint: str
    mode: str = Field(description="How it authenticates, as AWS says it")
    added: bool = Field(description="Whether Spinnaker has, or will have, it")


class UnreadAccount(Schema):
    account: str = Field(alias="account.name")
    message: str
    hint: str


class ClustersChosen(Exact):
    """Which clusters Spinnaker is to have, and what they have in common."""

    clusters: list[Key] = Field(min_length=1, max_length=MOST, description="Their ids")
    pattern: Pattern = Field(
        "{account}-{cluster}", description="Their names in Spinnaker"
    )
    rights: Pattern = "edit"
    namespaces: list[Namespace] = Field(
        ["default"], description="An empty list means all"
    )
    access: Pattern = "entry"


class ClustersDescribed(Schema):
    accounts: list[str] = Field(description="Accounts that have more clusters now")


@changes(router, "/searches", "Search accounts for EKS clusters", {202: Searching})
def search_clusters(request: ApiRequest, body: Chosen) -> Any:
    """Let a worker list the clusters of named accounts, or of those that a filter
    finds. Nothing in AWS changes.
    """
    if running_of(request.user):
        raise Problem(Code.SEARCH_OPEN, RUNNING)
    return Status(202, search_of(begin_search(chosen_by(body), request.user)))


@router.get(
    "/searches/{id}",
    auth=OPERATES,
    response=Searching,
    summary="Read how far a search is",
)
def read_cluster_search(request: ApiRequest, id: UUID) -> dict[str, Any]:
    """Read how far a search is. It is kept for a day."""
    return search_of(unexpired_search(request, id))


@router.get(
    "/searches/{id}/clusters",
    auth=OPERATES,
    response=Page[ClusterListed],
    summary="List the clusters of a search",
)
def list_clusters(
    request: ApiRequest,
    id: UUID,
    asked: Query[PageQuery],
    filters: Query[ClusterFilters],
) -> dict[str, Any]:
    """List what was found, as the filters ask."""
    search = unexpired_search(request, id)
    rows = CLUSTERS.matching(search.clusters.all(), request.GET)
    keys = keys_like(rows.order_by("id"), request.GET)
    shown = rows.select_related("account").defer(*WIDE)
    return page_of(shown, "id", asked, among=keys)


@router.get(
    "/searches/{id}/unread",
    auth=OPERATES,
    response=Page[UnreadAccount],
    summary="List the accounts that couldn’t be searched",
)
def list_unread_accounts(
    request: ApiRequest, id: UUID, asked: Query[PageQuery]
) -> dict[str, Any]:
    """List the accounts that couldn’t be read, and why."""
    unread = unexpired_search(request, id).accounts.exclude(message="")
    return page_of(unread.select_related("account"), "id", asked)


@changes(
    router,
    "/searches/{id}/add",
    "Describe clusters of a search",
    {200: ClustersDescribed},
)
def add_clusters(request: ApiRequest, id: UUID, body: ClustersChosen) -> Any:
    """Add these clusters to their accounts, all of them or none. Plan the accounts
    then.
    """
    search = unexpired_search(request, id)
    if search.waits:
        raise Problem(Code.SEARCH_UNFINISHED, NOT_YET)
    said = {**body.model_dump(), "namespaces": ",".join(body.namespaces)}
    form = AlikeForm(said)
    if not form.is_valid():
        raise refused_by(form)
    search.input |= form.cleaned_data
    search.save(update_fields=["input"])
    choose(search, body.clusters)
    try:
        edited = describe_ticked(search, request.user)
    except ClustersRefused as error:
        errors = [{"message": one} for one in error.sentences]
        raise Problem(Code.INVALID, errors[0]["message"], errors=errors) from error
    return {"accounts": [one.name for one in edited]}


def choose(search: Question, keys: list[int]) -> None:
    """Select exactly these; raise Problem where one is not there, or is described."""
    free = search.clusters.filter(added=False)
    free.filter(ticked=True).update(ticked=False)
    wanted = list(dict.fromkeys(keys))
    ticked = sum(
        free.filter(pk__in=some).update(ticked=True) for some in in_slices(wanted)
    )
    if ticked < len(wanted):
        raise Problem(
            Code.UNKNOWN_NAME,
            "Not in the search, or already added: "
            f"{len(wanted) - ticked:,} of these clusters.",
        )


def unexpired_search(request: ApiRequest, pk: UUID) -> Question:
    return get_object_or_404(found_clusters.read(request.user), pk=pk)


def search_of(search: Question) -> dict[str, Any]:
    return {
        "id": search.pk,
        "accounts": search.accounts.count(),
        "read": search.accounts.exclude(read_at=None).count(),
        "clusters": search.clusters.count(),
        "unread": search.accounts.exclude(message="").count(),
        "started_at": search.asked_at,
        "finished_at": search.answered_at,
    }
