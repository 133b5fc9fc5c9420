"""The organization's accounts, and the clusters of a search: the lists with
their filters.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet, Subquery
from django.http import Http404, QueryDict
from django.utils import timezone

from accounts.discover.organization.reading import kept_organization
from accounts.lists.declaration import AT_ONCE, Filter, Listing
from accounts.models import (
    FoundCluster,
    ManagedAccount,
    ManagingAccount,
    Member,
    MemberTag,
    Organization,
    Question,
    Unit,
)
from accounts.models.organization import MemberQuerySet, same_account
from accounts.people.roles import OPERATOR
from onboarding.resources.wildcards import matches

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LONGEST = 100
"""Of a pattern: as long as the longest name."""

WIDE = ("account__verified", "account__applied", "account__approved_entries")
"""Columns of the account that no list of clusters shows."""

LIKE = Filter("like", lambda _: Q(), help="A pattern of its name, such as prod-*")
"""It excludes nothing in the database: `keys_like` compares, as IAM does."""

CLUSTERS = Listing(
    "clusters",
    filters=(
        LIKE,
        Filter(
            "account",
            lambda text: (
                Q(account__name__icontains=text)
                | Q(account__account_id__contains=text.replace("-", ""))
            ),
            help="Part of its name, or of its ID",
        ),
        Filter("region", lambda region: Q(region=region)),
    ),
)


def matching_clusters(search: Question, asked: QueryDict) -> list[int]:
    """Return the keys of the clusters that match, in the order of the list."""
    rows = CLUSTERS.matching(search.clusters.all(), asked)
    return keys_like(rows.order_by("account__name", "region", "name", "pk"), asked)


def keys_like(rows: QuerySet[FoundCluster], asked: QueryDict) -> list[int]:
    like = asked.get(LIKE.name, "").strip()[:LONGEST]
    if not like:
        return list(rows.values_list("pk", flat=True))
    named = rows.values_list("pk", "name")
    return [pk for pk, name in named if matches(name, like)]


INACTIVE = {"suspended": "SUSPENDED", "closing": "PENDING_CLOSURE"}
JOINED = {"7": "last 7 days", "30": "last 30 days", "365": "last year"}


def by_text(text: str) -> Q:
    found = ManagedAccount.objects.filter(name__icontains=text)
    words = (
        Q(name__icontains=text)
        | Q(email__icontains=text)
        | Q(called__icontains=text)
        | Q(account_id__in=found.values("account_id"))
    )
    digits = text.replace("-", "")
    return words | Q(account_id__contains=digits) if digits.isdigit() else words


def by_known(known: str) -> Q:
    described = Q(account_id__in=ManagedAccount.objects.values("account_id"))
    return described if known == "yes" else ~described


def by_state(state: str) -> Q:
    if state == "active":
        return Q(state=Member.ACTIVE, gone_at=None)
    if state == "left":
        return Q(gone_at__isnull=False)
    return Q(state=INACTIVE.get(state), gone_at=None)


def by_unit(unit_id: str) -> Q:
    """Find what is in the unit, and in the units below it."""
    units = Unit.objects.filter(lineage__contains=f"/{unit_id}/")
    return Q(unit__in=units)


def by_joined(days: str) -> Q:
    return Q(joined_at__gte=timezone.now() - timedelta(days=int(days)))


def by_tag(text: str) -> Q:
    """Find a tag by its key, or by its key and value."""
    key, equals, value = text.partition("=")
    tags = MemberTag.objects.filter(key=key.strip())
    if equals:
        tags = tags.filter(value=value.strip())
    return Q(pk__in=tags.values("member"))


def matching_members(organization: Organization, asked: QueryDict) -> MemberQuerySet:
    """Keep what the filters in the URL ask for."""
    return MEMBERS.matching(Member.objects.filter(organization=organization), asked)


def exported_members(asked: QueryDict, _: User) -> Iterator[Member]:
    """Read the members of the organization, if there is one; else raise Http404."""
    kept = kept_organization(ManagingAccount.objects.first())
    if kept is None:
        raise Http404
    found = MEMBERS.ordered(matching_members(kept, asked), asked)
    rows = found.select_related("unit").prefetch_related("tags")
    known = rows.annotate(in_bowline=Subquery(same_account().values("name")[:1]))
    return known.iterator(chunk_size=AT_ONCE)


MEMBERS = Listing(
    "organization",
    title="Accounts of the organization",
    sorts={
        "name": "In the organization",
        "account_id": "Account ID",
        "unit__path": "Organizational unit",
        "joined_at": "Joined",
    },
    then=("name", "account_id"),
    filters=(
        Filter(
            "text",
            by_text,
            "Name, account ID, or email",
            help="Part of a name, of an address, or of an ID",
        ),
        Filter(
            "unit",
            by_unit,
            "Organizational unit",
            help="A unit's ID; includes the units below it",
            often=True,
        ),
        Filter(
            "known",
            by_known,
            "In Bowline",
            [("no", "Not in Bowline"), ("yes", "In Bowline")],
            "Whether it is in Bowline",
            words="YesNo",
            often=True,
            unasked="In Bowline or not",
        ),
        Filter(
            "state",
            by_state,
            "State in AWS",
            [(one, one.capitalize()) for one in ("active", *INACTIVE, "left")],
            words="MemberStateFilter",
        ),
        Filter(
            "joined",
            by_joined,
            "Joined",
            [(days, f"Joined in the {title}") for days, title in JOINED.items()],
            "In this many last days",
            unasked="Joined at any time",
        ),
        Filter(
            "tag",
            by_tag,
            "Tag or tag=value",
            help="A tag's key, or key=value",
            kind="proposed",
        ),
    ),
    columns={
        "name": lambda row: row.name,
        "account_id": lambda row: row.account_id,
        "email": lambda row: row.email,
        "state": lambda row: row.word,
        "unit": lambda row: row.unit.path if row.unit else "",
        "joined_at": lambda row: row.joined_at,
        "tags": lambda row: [str(tag) for tag in row.tags.all()],
        "in_bowline": lambda row: row.in_bowline,
    },
    exported=exported_members,
    role=OPERATOR,
)
