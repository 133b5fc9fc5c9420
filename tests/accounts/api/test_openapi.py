"""The description of the API is one of which generators make clients."""

from __future__ import annotations

import json
import keyword
from collections.abc import Iterator
from typing import Any

import pytest

from accounts.api.api import api
from accounts.api.openapi.document import REF, Document, in_3_0
from accounts.closed_sets import NAME
from tests.accounts.api.calling import Caller, caller
from tests.rows import person

DOCUMENT = json.loads(json.dumps(api.get_openapi_schema()))
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = [
    operation
    for methods in DOCUMENT["paths"].values()
    for operation in methods.values()
]


def nodes(node: Any, *path: str) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield each object of the document, with where it is."""
    if isinstance(node, dict):
        yield path, node
        for key, one in node.items():
            yield from nodes(one, *path, key)
    elif isinstance(node, list):
        for number, one in enumerate(node):
            yield from nodes(one, *path, str(number))


def reached_from(node: Any) -> set[str]:
    """Name the schemas that something refers to, directly or not."""
    found: set[str] = set()
    todo = [node]
    while todo:
        for _, one in nodes(todo.pop()):
            name = one.get("$ref", "").removeprefix(REF)
            if name in SCHEMAS and name not in found:
                found.add(name)
                todo.append(SCHEMAS[name])
    return found


def test_each_operation_has_a_short_name_of_its_own():
    names = [operation["operationId"] for operation in OPERATIONS]

    assert len(names) > 90
    assert len({*names}) == len(names)
    assert [one for one in names if len(one) > 32 or not one.isidentifier()] == []
    assert [one for one in names if one in keyword.kwlist or "_" not in one] == []


def test_every_schema_has_a_name_and_is_used():
    inline = [
        path
        for path, node in nodes(DOCUMENT)
        if ("properties" in node or "enum" in node)
        and path[:-1] != ("components", "schemas")
        and path[-1:] != ("properties",)
    ]

    assert inline == []
    assert reached_from([DOCUMENT["paths"], DOCUMENT["components"]["responses"]]) == {
        *SCHEMAS
    }
    assert [one for one in SCHEMAS if not one.isalnum()] == []


def test_two_schemas_of_one_name_are_refused():
    document = Document(api, "")

    with pytest.raises(AssertionError, match="Two schemas are called Account"):
        document.add_schema_definitions({"Account": {"type": "string"}})


def test_states_and_other_closed_sets_are_enumerations():
    sets = {name for name, one in SCHEMAS.items() if "enum" in one}

    assert sets >= {"AccountState", "RunStatus", "RunKind", "RolloutState"}
    assert sets >= {"BundleStatus", "DeliveryStatus", "CheckOutcome", "ChangeVerb"}
    loose = [
        (name, key)
        for name, one in SCHEMAS.items()
        for key, said in one.get("properties", {}).items()
        if key in {"state", "status", "verb", "kind"} and said.get("type") == "string"
    ]
    assert loose == [
        ("Change", "kind"),  # a kind of AWS's resources: the list grows
        ("MemberListed", "state"),  # AWS's own word
        ("ReportFinding", "kind"),  # the list grows
    ]


def test_each_constant_has_a_name_of_its_own():
    """A package of Go has one namespace for its types and its constants."""
    sets = [one for one in SCHEMAS.values() if "enum" in one]
    constants = [name for one in sets for name in one["x-enum-varnames"]]

    assert len(constants) == sum(len(one["enum"]) for one in sets)
    assert [one for one in constants if not one.isidentifier()] == []
    assert len({*constants, *SCHEMAS}) == len(constants) + len(SCHEMAS)


def test_it_is_openapi_3_0():
    words = json.dumps(DOCUMENT)

    assert DOCUMENT["openapi"].startswith("3.0.")
    assert '"null"' not in words
    assert NAME not in words
    assert [
        path
        for path, one in nodes(DOCUMENT)
        if "$ref" in one and one.keys() != {"$ref"}
    ] == []
    lists = [path for path, one in nodes(DOCUMENT) if isinstance(one.get("type"), list)]
    assert lists == []


def test_no_default_is_stated_for_programs():
    """TypeScript's generator wants such a key always, and Python's sends it always."""
    assert [p for p, one in nodes(DOCUMENT) if "default" in one] == []
    limit = SCHEMAS["ManagingSettings"]["properties"]["assume"]
    assert limit["description"] == 'Default: "listed".'


@pytest.mark.parametrize(
    ("said", "as_3_0"),
    [
        (
            {"$ref": "#/a", "description": "b"},
            {"allOf": [{"$ref": "#/a"}], "description": "b"},
        ),
        (
            {"anyOf": [{"type": "string"}, {"type": "null"}]},
            {"type": "string", "nullable": True},
        ),
        (
            {"anyOf": [{"type": "string"}, {"type": "integer"}]},
            {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        ),
        (
            {"in": "query", "schema": {"type": "string", "nullable": True}},
            {"in": "query", "schema": {"type": "string"}},
        ),
    ],
    ids=str,
)
def test_it_says_in_3_0_what_was_said_in_3_1(said, as_3_0):
    assert in_3_0(said) == as_3_0


def test_no_body_takes_a_key_that_it_does_not_have():
    bodies = [operation.get("requestBody", {}) for operation in OPERATIONS]
    sent = reached_from(bodies)

    assert len(sent) > 20
    assert [
        name
        for name in sent
        if "properties" in SCHEMAS[name]
        and SCHEMAS[name].get("additionalProperties") is not False
    ] == []


def test_every_answer_has_its_media_type():
    untyped = [
        operation["operationId"]
        for operation in OPERATIONS
        for status, answer in operation["responses"].items()
        if status != "204" and "content" not in answer and "$ref" not in answer
    ]

    assert untyped == []


@pytest.mark.django_db
def test_a_program_reads_it_with_its_token(reader):
    answer = reader.read("/openapi.json")

    assert answer["Content-Type"] == "application/json"
    assert answer.json() == DOCUMENT


@pytest.mark.django_db
def test_people_read_it_signed_in(client):
    client.force_login(person("viewer"))

    assert client.get("/api/v1/openapi.json").json() == DOCUMENT
    assert client.post("/api/v1/openapi.json").status_code == 401


@pytest.mark.django_db
def test_without_a_token_or_a_session_it_is_a_problem(client):
    answer = client.get("/api/v1/openapi.json")

    assert answer.status_code == 401
    assert answer.json()["code"] == "no_token"


@pytest.mark.django_db
def test_who_has_no_role_does_not_read_it(client):
    nobody = caller("viewer")
    nobody.person.groups.clear()
    client.force_login(nobody.person)

    assert client.get("/api/v1/openapi.json").status_code == 401
    assert nobody.read("/openapi.json").status_code == 403
    assert Caller("bowline-api-x").read("/openapi.json").status_code == 401
