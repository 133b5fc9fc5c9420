"""The description of the API, as generators of clients read it: OpenAPI 3.0, in which
each schema has a name of its own, and each operation the name of its function.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from json import dumps
from typing import Any

from ninja.openapi.schema import OpenAPISchema

from accounts.api.problems import CONTENT_TYPE, Code
from accounts.closed_sets import NAME

Node = dict[str, Any]

VERSION = "3.0.3"
"""Generators for Go know no later one."""
REF = "#/components/schemas/"
CHANGES = ("post", "put", "patch", "delete")
PAGE = re.compile(r"Page_(\w+)_")

PROBLEMS = {
    400: "The body isn't valid JSON.",
    401: "The token is missing or isn't valid.",
    403: "The token's scope or your role doesn't allow it, or another person must "
    "approve it.",
    404: "Not found.",
    405: "This path doesn't support the method.",
    409: "The request conflicts with the current state.",
    412: "It was changed after it was read.",
    413: "The body is too large.",
    422: "The request doesn't fit this description, or breaks a rule.",
    429: "Too many requests this minute.",
    500: "Bowline encountered an internal error.",
    503: "The database can't be written.",
}

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Where its code is explained"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {
            "type": "string",
            "description": "What programs compare, such as "
            f"{Code.RUN_OPEN}. Later releases may have more codes",
        },
        "detail": {"type": "string", "description": "The sentence for people"},
        "errors": {"type": "array", "items": {"$ref": f"{REF}ProblemError"}},
        "count": {
            "type": "integer",
            "description": "How many accounts the request would affect, where it must "
            "confirm the count",
        },
    },
}
PROBLEM_ERROR = {
    "type": "object",
    "required": ["message"],
    "properties": {
        "at": {"type": "string", "description": "Where in the request"},
        "message": {"type": "string"},
    },
}


class Document(OpenAPISchema):
    """As ninja describes the operations, and then as generators can read it."""

    def add_schema_definitions(self, definitions: Node) -> None:
        for name, schema in definitions.items():
            known = self.schemas.setdefault(name, schema)
            assert known == schema, f"Two schemas are called {name}."

    def finished(self) -> Node:
        said: Node = {**self, "openapi": VERSION, "servers": [{"url": "/"}]}
        schemas = said["components"]["schemas"]
        schemas |= {"Problem": PROBLEM, "ProblemError": PROBLEM_ERROR}
        said["components"]["responses"] = dict(map(problem_response, PROBLEMS.items()))
        for method, operation in operations_of(said):
            for status in problems_for(method, operation):
                answer = {"$ref": f"#/components/responses/Problem{status}"}
                operation["responses"].setdefault(status, answer)
        named: Node = {}
        said = changed(said, lambda node: in_3_0(untitled(node)))
        said = changed(said, lambda node: moved(node, named))
        said = changed(said, renamed)
        schemas = said["components"]["schemas"] | named
        schemas = {PAGE.sub(r"\1Page", name): one for name, one in schemas.items()}
        said["components"]["schemas"] = schemas
        used = reached(
            {"paths": said["paths"], **said["components"]["responses"]}, said
        )
        said["components"]["schemas"] = {
            name: schemas[name] for name in sorted(schemas) if name in used
        }
        return said


def problem_response(problem: tuple[int, str]) -> tuple[str, Node]:
    status, said = problem
    content = {CONTENT_TYPE: {"schema": {"$ref": f"{REF}Problem"}}}
    return f"Problem{status}", {"description": said, "content": content}


def problems_for(method: str, operation: Node) -> list[int]:
    """List the problems that an operation can answer with."""
    found = [401, 403, 404, 405, 409, 422, 429, 500, 503]
    found += [400, 413] if method in CHANGES else []
    headers = [one["name"] for one in operation.get("parameters", ())]
    return [*found, 412] if "If-Match" in headers else found


def operations_of(said: Node) -> Iterator[tuple[str, Node]]:
    for methods in said["paths"].values():
        yield from methods.items()


def changed(node: Any, change: Callable[[Node], Node]) -> Any:
    """Change each object of a document, the innermost first."""
    if isinstance(node, dict):
        return change({key: changed(one, change) for key, one in node.items()})
    if isinstance(node, list):
        return [changed(one, change) for one in node]
    return node


def untitled(node: Node) -> Node:
    """Leave out the titles that are made of a key: generators call types by them."""
    if isinstance(node.get("title"), str) and "version" not in node:
        return {key: one for key, one in node.items() if key != "title"}
    return node


def in_3_0(node: Node) -> Node:
    """Say in OpenAPI 3.0 what ninja says in 3.1."""
    if "anyOf" in node:
        kinds = [one for one in node["anyOf"] if one != {"type": "null"}]
        rest = {key: one for key, one in node.items() if key != "anyOf"}
        if len(kinds) < len(node["anyOf"]):
            rest["nullable"] = True
        node = {"anyOf": kinds, **rest} if kinds[1:] else {**kinds[0], **rest}
    if node.get("in") == "query" and "schema" in node:
        node["schema"].pop("nullable", None)  # it is left out
    if "$ref" in node and len(node) > 1:
        node = {"allOf": [{"$ref": node.pop("$ref")}], **node}
    if "default" in node and {"type", "anyOf", "allOf"} & node.keys():
        node = without_default(node)
    return node


def without_default(node: Node) -> Node:
    """Say in words what is meant where a key is left out: TypeScript's generator takes
    a key with a default for one that is always there, Python's sends it each time.
    """
    rest = {key: one for key, one in node.items() if key != "default"}
    if default := node["default"]:
        said = (node.get("description", ""), f"Default: {dumps(default)}.")
        rest["description"] = " ".join(filter(None, said))
    return rest


def moved(node: Node, named: Node) -> Node:
    """Move what has a name of its own to the schemas, and refer to it."""
    if NAME not in node:
        return node
    name = node.pop(NAME)
    words = node.pop("enum")
    schema = {"type": node.pop("type"), "enum": words}
    # In Go, all constants of a package are in one namespace.
    schema["x-enum-varnames"] = [name + constant(word) for word in words]
    known = named.setdefault(name, schema)
    assert known == schema, f"Two schemas are called {name}."
    ref = {"$ref": REF + name}
    return {"allOf": [ref], **node} if node else ref


def constant(word: str) -> str:
    """Write a word of an enumeration as a part of a name."""
    return re.sub(r"\W+", "", word.title()) or "Empty"


def renamed(node: Node) -> Node:
    if "$ref" in node:
        return {**node, "$ref": PAGE.sub(r"\1Page", node["$ref"])}
    return node


def reached(node: Any, said: Node) -> set[str]:
    """Find the schemas that something refers to, directly or not."""
    found: set[str] = set()
    todo = [node]
    while todo:
        one = todo.pop()
        if isinstance(one, list):
            todo += one
        elif isinstance(one, dict):
            todo += one.values()
            name = str(one.get("$ref", "")).removeprefix(REF)
            if name in said["components"]["schemas"] and name not in found:
                found.add(name)
                todo.append(said["components"]["schemas"][name])
    return found
