"""A description as columns, as the account's value, and as it is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeAlias

from onboarding.description.fields import BY_NAME, FIELDS, Field
from onboarding.description.other_names import column_of, values_of
from onboarding.details import ProviderDetails
from onboarding.topology import Managed, Permissions

Columns: TypeAlias = Mapping[str, Any]
"""By the names of fields, each as its column holds it: a text, a truth, a list."""

OF_VALUE = tuple(
    one for one in FIELDS if one.name in {each.name for each in fields(Managed)}
)
"""What the value has by the same name. It has the groups as permissions, and of the
others what follows from them.
"""


@dataclass(frozen=True)
class Description:
    """An account as people describe it: a column for each of FIELDS."""

    columns: Columns
    providers: tuple[ProviderDetails, ...] = ()
    managed: Managed = field(init=False, compare=False)
    """The value, without external IDs: of most accounts they are made, not given."""

    def __post_init__(self) -> None:
        value = value_of(self.columns, self.providers)
        object.__setattr__(self, "managed", value)


def value_of(
    columns: Columns, providers: tuple[ProviderDetails, ...], **external_ids: Any
) -> Managed:
    """Make the value of an account that is described so."""
    whole = completed(columns)
    said: dict[str, Any] = {
        one.name: tuple(whole[one.name]) if one.is_list else whole[one.name]
        for one in OF_VALUE
    }
    managed = Managed(
        **said,
        permissions=Permissions(
            tuple(whole["read_roles"]), tuple(whole["write_roles"])
        ),
        providers=providers,
        **external_ids,
    )
    return replace(managed, other_names=values_of(whole["also_as"], managed))


def columns_of(managed: Managed) -> dict[str, Any]:
    """Return the columns that say the same as the value."""
    said = {one.name: getattr(managed, one.name) for one in OF_VALUE} | {
        "read_roles": managed.permissions.read,
        "write_roles": managed.permissions.write,
        "also_as": column_of(managed.other_names),
    }
    return {name: list(v) if isinstance(v, tuple) else v for name, v in said.items()}


def completed(columns: Columns) -> dict[str, Any]:
    """Fill in what nothing is said of, and nothing for what the account has not."""
    maker = columns.get("made_by", BY_NAME["made_by"].usual)
    return {
        one.name: columns.get(one.name, one.usual if has(maker, one) else one.nothing)
        for one in FIELDS
    }


def has(made_by: str, field: Field) -> bool:
    """Return whether an account has the field whose roles these make."""
    return made_by in field.made_by


def spelled(columns: Columns, chosen: Iterable[Field] = FIELDS) -> dict[str, Any]:
    """Say these fields as the file and the API do."""
    said: dict[str, Any] = {}
    for one in chosen:
        *above, key = one.keys
        inner = said
        for step in above:
            inner = inner.setdefault(step, {})
        inner[key] = one.said(columns[one.name])
    return said


def read_back(said: Mapping[str, Any], chosen: Iterable[Field] = FIELDS) -> Columns:
    """Return the columns of what `spelled` said, without what it left out."""
    columns: dict[str, Any] = {}
    for one in chosen:
        *above, key = one.keys
        inner = said
        for step in above:
            inner = inner.get(step, {})
        if key in inner:
            columns[one.name] = one.column(inner[key])
    return columns
