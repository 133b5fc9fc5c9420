"""docs/adopt.schema.json, made of what the API answers with."""

from __future__ import annotations

import json

from accounts.api.openapi.document import Node, changed, untitled
from accounts.closed_sets import NAME
from accounts.models.uploads.report import SpinnakerReport


def adopt_schema() -> str:
    """Describe the report on a Spinnaker as a JSON Schema."""
    described = changed(SpinnakerReport.model_json_schema(), plain)
    parts = described.pop("$defs")
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The report of `manage.py adopt --json`",
        **described,
        "$defs": parts,
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def plain(node: Node) -> Node:
    return {key: one for key, one in untitled(node).items() if key != NAME}
