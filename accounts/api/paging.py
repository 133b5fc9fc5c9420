"""Pages of a list: each says how to ask for the next one, whatever came meanwhile."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet
from ninja import Field, Schema

from accounts.api.problems import Code, Problem
from accounts.api.requests import Request

T = TypeVar("T")
BAD_CURSOR = "The cursor isn't valid. Start again without a cursor."
LONGEST = 400
LARGEST = 2**31 - 1
"""The largest number that a column holds."""


class PageQuery(Request):
    """Which page is asked for."""

    cursor: str = Field("", max_length=LONGEST, description="“next” of the last page")
    limit: int = Field(50, ge=1, le=200)
    total: bool = Field(False, description="Count all items, on every page")


class Page(Schema, Generic[T]):
    items: list[T]
    next: str | None = Field(description="The cursor of the next page; null: none")
    total: int | None = Field(description="How many items there are; null: not asked")


def page_of(
    rows: QuerySet[Any],
    by: str,
    asked: PageQuery,
    items: Callable[[list[Any]], Iterable[Any]] = list,
    *,
    among: Sequence[int] | None = None,
) -> dict[str, Any]:
    """Read a page in the order of a unique column; raise Problem for a bad cursor.

    `items` makes the items of the page's rows. `among` are the keys of those to keep,
    in this order, where only Python can tell.
    """
    column = by.removeprefix("-")
    if among is not None and asked.total:
        total: int | None = len(among)
    else:
        total = rows.count() if asked.total else None
    if asked.cursor:
        value = cursor_value(asked.cursor, by)
        rows = rows.filter(**{f"{column}__{'lt' if by != column else 'gt'}": value})
    if among is not None:
        later = {*rows.values_list("pk", flat=True)}
        kept = [key for key in among if key in later]
        rows = rows.filter(pk__in=kept[: asked.limit + 1])
    found = list(rows.order_by(by)[: asked.limit + 1])
    page = found[: asked.limit]
    more = len(found) > len(page)
    after = cursor_of(by, getattr(page[-1], column)) if more else None
    return {"items": list(items(page)), "next": after, "total": total}


def cursor_of(by: str, value: str | int) -> str:
    said = json.dumps([by, value]).encode()
    return urlsafe_b64encode(said).decode().rstrip("=")


def cursor_value(cursor: str, by: str) -> str | int:
    """Return the value that a page begins after."""
    try:
        said = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        said = None
    match said:
        case [order, str(value)] if order == by and value.isprintable():
            return value
        case [order, int(value)] if order == by and abs(value) <= LARGEST:
            return value
    raise Problem(Code.BAD_CURSOR, BAD_CURSOR)
