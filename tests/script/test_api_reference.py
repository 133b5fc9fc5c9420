"""The reference page and the schema are what the API says of itself."""

from __future__ import annotations

import json

import jsonschema

from accounts.api.codes import Code
from script.api_reference import adopt_schema, api_reference, scopes_by_name
from script.reference import DOCS


def test_the_page_is_what_the_api_says() -> None:
    assert (DOCS / "reference" / "api-reference.md").read_text() == api_reference(), (
        "docs/reference/api-reference.md is out of date: run script/reference. "
        "A client knows an operation by its name: do not change one."
    )


def test_every_operation_and_every_code_is_on_the_page() -> None:
    page = api_reference()

    assert "| `approve_run` | `POST /runs/{number}/approve` | `approve` |" in page
    assert len(scopes_by_name()) > 90
    assert [one for one in Code if f"\n### {one}\n" not in page] == []


def test_the_schema_of_a_report_is_what_the_api_answers_with() -> None:
    schema = adopt_schema()

    assert (DOCS / "adopt.schema.json").read_text() == schema, (
        "docs/adopt.schema.json is out of date: run script/reference."
    )
    jsonschema.Draft202012Validator.check_schema(json.loads(schema))
    assert "x-name" not in schema
