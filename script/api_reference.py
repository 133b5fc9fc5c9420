"""What the API says of itself: docs/reference/api-reference.md has every operation and
every code, and docs/adopt.schema.json a report on a Spinnaker.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus

from accounts.api.api import api
from accounts.api.authentication import Token
from accounts.api.codes import Code
from accounts.api.openapi.document import Node, changed, untitled
from accounts.closed_sets import NAME
from accounts.models.question import SpinnakerReport

HEAD = """\
# API reference

[The API](api.md) explains how to call it. `/api/v1/docs` in your Bowline shows every
parameter and answer; `/api/v1/openapi.json` has the same for programs.
`script/reference` writes this page from the code.

## Operations

Generated clients call an operation by its name. A name, a path and the required scope
stay as they are in `/api/v1`.
"""

CODES = """\
## Problem codes

The `code` of a problem says what kind it is. Programs compare the code; the sentence in
`detail` is for people and may change. Treat a code that you do not know as its status:
later releases have more.
"""


def api_reference() -> str:
    return "\n".join([HEAD, *operations(), CODES, *codes()])


def operations() -> Iterator[str]:
    scopes = scopes_by_name()
    rows: dict[str, list[str]] = {}
    for path, methods in api.get_openapi_schema()["paths"].items():
        short = path.removeprefix("/api/v1")
        for method, said in methods.items():
            name = said["operationId"]
            rows.setdefault(said["tags"][0], []).append(
                f"| `{name}` | `{method.upper()} {short}` | `{scopes[name]}` | "
                f"{said['summary']} |"
            )
    for tag, lines in rows.items():
        yield f"### {tag}\n\n| Name | Request | Scope | |\n|---|---|---|---|"
        yield "\n".join(lines) + "\n"


def scopes_by_name() -> dict[str, str]:
    return {
        operation.view_func.__name__: str(auth.scope)
        for router in api._get_bound_routers()
        for path in router.path_operations.values()
        for operation in path.operations
        for auth in operation.auth_callbacks
        if isinstance(auth, Token)
    }


def codes() -> Iterator[str]:
    for code in Code:
        phrase = HTTPStatus(code.status).phrase
        yield f"### {code}\n\n{code.status} {phrase}. {code.meaning}\n"


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
