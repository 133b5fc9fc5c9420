"""The clusters of a search: the list with its filters."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import QueryDict

from accounts.lists.declaration import Filter, Listing
from accounts.models import FoundCluster, Question
from onboarding.resources.wildcards import matches

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
