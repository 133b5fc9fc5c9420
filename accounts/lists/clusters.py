"""The clusters of a search that the filters ask for."""

from __future__ import annotations

from django.db.models import Q
from django.http import QueryDict

from accounts.lists.filters import Filters, filtered
from accounts.models import Question
from onboarding.resources.wildcards import matches

LIKE = "like"
"""The filter that is a pattern of the cluster's name."""

LONGEST = 100
"""Of a pattern: as long as the longest name."""

FILTERS: Filters = {
    "account": lambda text: (
        Q(account__name__icontains=text)
        | Q(account__account_id__contains=text.replace("-", ""))
    ),
    "region": lambda region: Q(region=region),
}


def matching_clusters(search: Question, asked: QueryDict) -> list[int]:
    """Return the keys of the clusters that match, in the order of the list."""
    rows = filtered(search.clusters.all(), FILTERS, asked)
    ordered = rows.order_by("account__name", "region", "name", "pk")
    like = asked.get(LIKE, "").strip()[:LONGEST]
    if not like:
        return list(ordered.values_list("pk", flat=True))
    named = ordered.values_list("pk", "name")
    return [pk for pk, name in named if matches(name, like)]


def filters_of(asked: QueryDict) -> dict[str, str]:
    return {key: asked.get(key, "").strip() for key in (LIKE, *FILTERS)}
