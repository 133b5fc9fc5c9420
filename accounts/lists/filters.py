"""The filters of a list, as the URL says them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from django.db.models import Q, QuerySet
from django.http import QueryDict

Filters: TypeAlias = Mapping[str, Callable[[str], Q]]
"""The condition of each parameter, for what it says."""

Rows = TypeVar("Rows", bound=QuerySet[Any])


def filtered(rows: Rows, filters: Filters, asked: QueryDict) -> Rows:
    """Keep the rows that meet each filter that says something."""
    for key, condition in filters.items():
        if value := asked.get(key, "").strip():
            rows = rows.filter(condition(value))
    return rows
