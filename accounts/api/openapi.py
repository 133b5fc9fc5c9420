"""The description of the API, as generators of clients read it: OpenAPI 3.0, in
which each schema has a name of its own, and each operation the name of its
function.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from json import dumps
from typing import Annotated, Any, Optional, TypeVar

from ninja import Field as ApiField
from ninja import Schema
from ninja.openapi.schema import OpenAPISchema
from pydantic import create_model

from accounts.api.problems import CONTENT_TYPE, Code
from accounts.api.requests import Exact
from accounts.api.v1.texts import Filter
from accounts.closed_sets import NAME, OneOf
from accounts.lists.declaration import Listing
from accounts.models import Bundle, CheckResult, Delivery, Rollout, Run, Step
from accounts.models.states import WORDS, State, Status
from onboarding.delivery.verdicts import Verb
from onboarding.description.fields import FIELDS, MAKERS, Field, Kind
from onboarding.providers import PROVIDERS

AccountState = Annotated[str, OneOf("AccountState", WORDS)]
ManagingState = Annotated[str, OneOf("ManagingState", State.values)]
RoleMaker = Annotated[str, OneOf("RoleMaker", MAKERS)]
ProviderKey = Annotated[str, OneOf("ProviderKey", PROVIDERS)]
CheckOutcome = Annotated[str, OneOf("CheckOutcome", CheckResult.Outcome.values)]
RunKind = Annotated[str, OneOf("RunKind", Run.Kind.values)]
RunStatus = Annotated[str, OneOf("RunStatus", Status.values)]
ChangeVerb = Annotated[str, OneOf("ChangeVerb", ("create", "update", "delete"))]
ChangeStatus = Annotated[str, OneOf("ChangeStatus", Step.Status.values)]
RolloutKind = Annotated[str, OneOf("RolloutKind", Rollout.Kind.values)]
RolloutState = Annotated[str, OneOf("RolloutState", Rollout.State.values)]
BundleStatus = Annotated[str, OneOf("BundleStatus", Bundle.Status.values)]
DeliveryStatus = Annotated[str, OneOf("DeliveryStatus", Delivery.Status.values)]
DeliveryVerb = Annotated[str, OneOf("DeliveryVerb", [one.value for one in Verb])]
YesNo = Annotated[str, OneOf("YesNo", ("no", "yes"))]
PolicyState = Annotated[
    str, OneOf("PolicyState", ("not approved", "asked for", "accepted"))
]
ServiceName = Annotated[
    str, OneOf("ServiceName", ("clouddriver", "orca", "deck", "rosco", "gate"))
]
RunBy = Annotated[
    str,
    OneOf("RunBy", ("", "halyard", "kustomize", "operator", "files", "live")),
]


S = TypeVar("S", bound=Schema)


def with_filters(of: Listing) -> Callable[[type[S]], type[S]]:
    """Add the filters of a list to what the API's list is asked with."""
    wanted: dict[str, tuple[Any, Any]] = {}
    for one in of.filters:
        kind: Any = Filter
        if one.choices:
            words = OneOf(one.closed_set, [value for value, _ in one.choices])
            kind = Optional[Annotated[str, words]]  # noqa: UP045
        said = one.help.replace("'", "’") or None
        usual = ApiField(None if one.choices else "", description=said)
        wanted[one.name] = kind, usual
    return added_to(wanted)


def with_fields(
    chosen: Iterable[Field], *, always: bool = False
) -> Callable[[type[S]], type[S]]:
    """Add these fields to a schema that does not say them itself; `always`: none may be
    left out, as in answers.
    """
    wanted: dict[str, tuple[Any, Any]] = {}
    for one in chosen:
        kind, usual = kind_and_default(one)
        if one.kind is Kind.INSTEAD:
            _, usual = wanted[one.keys[0]]
        wanted[one.keys[0]] = kind, usual
    if always:
        wanted = {key: (kind, ...) for key, (kind, _) in wanted.items()}

    return added_to(wanted)


def added_to(wanted: Mapping[str, tuple[Any, Any]]) -> Callable[[type[S]], type[S]]:
    """Add what a schema does not say itself."""

    def added(schema: type[S]) -> type[S]:
        own = schema.model_fields
        others: dict[str, Any] = {k: v for k, v in wanted.items() if k not in own}
        doc = schema.__doc__
        return create_model(schema.__name__, __base__=schema, __doc__=doc, **others)

    return added


def kind_and_default(one: Field) -> tuple[Any, Any]:
    """Return what its first key holds, and what that is where a request has none."""
    if one.path[1:]:
        part = PARTS[one.path[0]]
        return part, part()
    return typed(one)


def typed(one: Field) -> tuple[Any, Any]:
    return TYPES.get(one.kind, str), ... if one.is_needed else one.said(one.usual)


TYPES: Mapping[Kind, Any] = {
    Kind.TRUTH: bool,
    Kind.INSTEAD: bool | str,
    Kind.MAKER: RoleMaker,
    Kind.REGIONS: list[str],
    Kind.GROUPS: list[str],
    Kind.CARRIED: dict[str, dict[str, Any]],
    Kind.NAMES: list[dict[str, Any]],
}


def part(above: str) -> type[Exact]:
    inside: dict[str, Any] = {
        one.key: typed(one) for one in FIELDS if one.keys[:-1] == (above,)
    }
    return create_model(above.capitalize(), __base__=Exact, **inside)


PARTS = {
    above: part(above) for above in {one.path[0] for one in FIELDS if one.path[1:]}
}
"""What is inside a key of an account."""


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
        for methods in said["paths"].values():
            for method, operation in methods.items():
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
