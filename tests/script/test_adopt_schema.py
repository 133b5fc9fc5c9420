"""docs/adopt.schema.json is what the API answers with."""

from __future__ import annotations

import json

import jsonschema

from script.adopt_schema import adopt_schema
from script.reference import DOCS


def test_the_file_is_what_the_api_answers_with() -> None:
    schema = adopt_schema()

    assert (DOCS / "adopt.schema.json").read_text() == schema, (
        "docs/adopt.schema.json is out of date: run script/reference."
    )
    jsonschema.Draft202012Validator.check_schema(json.loads(schema))
    assert "x-name" not in schema
