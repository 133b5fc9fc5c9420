"""The table of fields: what is said of a field in one row holds through every door."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from onboarding import accounts_file
from onboarding.accounts_file.writing import (
    account_written,
    csv_text,
    written_account,
    yaml_text,
)
from onboarding.description.field import Kind
from onboarding.description.fields import FIELDS
from onboarding.description.values import (
    OF_VALUE,
    Description,
    columns_of,
    completed,
)
from onboarding.topology import Managed
from tests.described import columns
from tests.factories import provider


@settings(max_examples=60)
@given(columns(), st.booleans())
def test_a_file_says_every_field(said: dict[str, Any], csv: bool) -> None:
    account = Description(said, (provider("lambda"),))

    written = account_written(account)
    text = csv_text([written]) if csv else yaml_text(None, [written])

    assert written_account(written, 1).columns == said
    (again,) = accounts_file.read_accounts_file(text.encode(), csv=csv).accounts
    assert again.columns == said
    assert again.managed == account.managed


@given(columns())
def test_a_value_says_what_it_knows(said: dict[str, Any]) -> None:
    known = columns_of(Description(said).managed)

    assert known == {name: said[name] for name in known}


def test_the_value_has_no_field_without_a_row() -> None:
    looked_after = {"providers", "permissions", "external_id", "former_external_id"}
    looked_after |= {"other_names"}

    named = {one.name for one in OF_VALUE}
    assert {one.name for one in fields(Managed)} == named | looked_after


def test_what_nothing_is_said_of_is_usual() -> None:
    assert completed({"made_by": "owner"})["reader_role"] == "BowlineReader"
    assert completed({})["reader_role"] == ""
    assert completed({"read_roles": ["sre"]})["read_roles"] == ["sre"]


def test_no_two_fields_have_one_name_or_column() -> None:
    keys = [one.key for one in FIELDS if one.kind is not Kind.INSTEAD]
    for names in ([one.name for one in FIELDS], keys):
        assert len({*names}) == len(names)
