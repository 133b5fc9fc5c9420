"""Rows that refuse to be loaded where a column contains what nothing can read, and text
that any column takes.

The database takes any JSON and any word. To guess what was meant could open an account
to everybody, so such a row is named, and not used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any, ClassVar, Self

from django.db import models
from pydantic import TypeAdapter, ValidationError

from onboarding.names import short

Check = Callable[[Any], bool]


def storable(text: str, longest: int | None = None) -> str:
    """Make any text one that every database takes, and that a page can show."""
    shown = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return shown.encode(errors="replace").decode()[:longest]


class Unreadable(ValueError):
    """A column that cannot be read; the message says which one and what it holds."""

    def __init__(self, row: models.Model, column: str, value: object) -> None:
        super().__init__(
            f"The column {column} of the {row._meta.verbose_name} {row.pk} contains "
            f"{short(repr(value))}, which this Bowline can't read."
        )


class Readable(models.Model):
    READS: ClassVar[Mapping[str, Check]] = {}
    """What a column may hold, where its type and its choices do not say it."""

    class Meta:
        abstract = True

    @classmethod
    def from_db(
        cls,
        db: str | None,
        field_names: Collection[str],
        values: Collection[Any],
        **options: Any,
    ) -> Self:
        """Make the row; raise Unreadable where a loaded column cannot be read."""
        row = super().from_db(db, field_names, values, **options)
        for column, reads in checks_of(cls):
            if column in row.__dict__ and not reads(row.__dict__[column]):
                raise Unreadable(row, column, row.__dict__[column])
        return row


@cache
def checks_of(model: type[Readable]) -> tuple[tuple[str, Check], ...]:
    """List the columns that are checked: those with choices, JSON, and READS."""
    fields = model._meta.concrete_fields
    usual = {field.name: usual_check(field) for field in fields}
    checks = {column: check for column, check in usual.items() if check}
    return tuple({**checks, **model.READS}.items())


def usual_check(field: models.Field[Any, Any]) -> Check | None:
    """Say what such a column contains unless READS says more."""
    if field.choices:
        return is_one_of({*dict(field.flatchoices), *[""] * field.blank})
    if not isinstance(field, models.JSONField):
        return None
    if field.null:
        return is_mapping_or_none
    return is_mapping if field.default is dict else is_list


def is_one_of(known: Collection[Any]) -> Check:
    return lambda value: value in known


def fits(schema: Any) -> Check:
    """Return whether a value is as the schema says, with nothing converted."""
    adapter = TypeAdapter(schema)

    def check(value: Any) -> bool:
        try:
            adapter.validate_python(value, strict=True)
        except ValidationError:
            return False
        return True

    return check


def is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def is_mapping_or_none(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def is_list(value: Any) -> bool:
    return is_texts(value) or is_mappings(value)


def is_mappings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def is_slug(value: Any) -> bool:
    """Return it if a URL can hold it; else an empty text."""
    return re.fullmatch(r"[-\w]*", str(value), re.ASCII) is not None
