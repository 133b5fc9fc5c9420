"""The stand-in for Gate answers as Clouddriver and Gate of 2026.3 were measured to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from onboarding.delivery.transport import Request
from tests.onboarding.delivery.accounts import cluster_entry, everything, wanted
from tests.onboarding.delivery.strict_gate import SECRET, StrictGate

LIST = "/credentials/type/aws"
PROBLEM = "application/problem+json"
JSON = "application/json"
NEW = {"type": "aws", "name": "new", "accountId": "012345678901"}
ANSWERS = [
    ("GET", "/credentials/type/docker", None, 200, JSON),
    ("GET", f"{LIST}?limit=-1", None, 500, JSON),
    ("GET", f"{LIST}?limit=x", None, 400, JSON),
    ("GET", "/credentials/prod/history", None, 404, PROBLEM),
    ("PATCH", "/credentials", NEW, 405, PROBLEM),
    ("PUT", "/credentials", None, 400, PROBLEM),
    ("PUT", "/credentials", {**NEW, "name": ""}, 200, JSON),
    ("PUT", "/credentials", {**NEW, "name": None}, 500, JSON),
    ("PUT", "/credentials", {**NEW, "name": "a" * 300}, 500, JSON),
    ("PUT", "/credentials", {**NEW, "type": "docker"}, 400, JSON),
    ("PUT", "/credentials", {**NEW, "permissions": None}, 200, JSON),
    ("PUT", "/credentials", {**NEW, "permissions": {"READ": None}}, 200, JSON),
    ("PUT", "/credentials", {**NEW, "permissions": {"READ": "t"}}, 400, JSON),
    ("PUT", "/credentials", {**NEW, "regions": None}, 200, JSON),
    ("PUT", "/credentials", {**NEW, "lambdaEnabled": "true"}, 200, JSON),
    ("PUT", "/credentials", {**NEW, "lambdaEnabled": "maybe"}, 400, JSON),
    ("POST", "/credentials", NEW, 200, JSON),
    ("POST", "/credentials", {**NEW, "name": "prod"}, 400, JSON),
    ("POST", "/credentials", {**NEW, "name": "late"}, 500, JSON),
]


def asked(strict: StrictGate, method: str, path: str, body: Any = None) -> Any:
    sent = b"" if body is None else json.dumps(body).encode()
    return json.loads(strict.send(Request(method, path, sent)).body)


@pytest.fixture
def strict() -> StrictGate:
    """Load everything; `late` is stored, and not loaded yet."""
    gate = StrictGate()
    gate.stored = {body.name: dict(body.document) for body in everything()}
    gate.restart()
    gate.stored["late"] = {**NEW, "name": "late"}
    return gate


@pytest.mark.parametrize(("method", "path", "body", "status", "kind"), ANSWERS)
def test_it_answers_with_the_status_and_the_kind_that_were_measured(
    strict: StrictGate, method: str, path: str, body: Any, status: int, kind: str
) -> None:
    sent = b"" if body is None else json.dumps(body).encode()

    answer = strict.send(Request(method, path, sent))

    assert (answer.status, answer.content_type) == (status, kind)
    said = json.loads(answer.body)
    if status >= 400:
        assert ("exception" in said, "message" in said) == (kind == JSON,) * 2


def test_an_unknown_type_is_an_empty_list(strict: StrictGate) -> None:
    assert asked(strict, "GET", "/credentials/type/docker") == []


def test_put_answers_a_kubeconfig_as_sent_and_get_decrypts_it(
    strict: StrictGate,
) -> None:
    (body,) = wanted(cluster_entry("refers"))
    sent = {**body.document, "kubeconfigContents": "encrypted:secrets-manager!s:x"}

    answered = asked(strict, "PUT", "/credentials", sent)
    rows = asked(strict, "GET", "/credentials/type/kubernetes")

    assert answered["kubeconfigContents"] == sent["kubeconfigContents"]
    read = next(row for row in rows if row["name"] == "refers")
    assert read["kubeconfigContents"] == SECRET


def test_answers_add_defaults_and_sort_regions(strict: StrictGate) -> None:
    regions = [{"name": "us-east-1"}, {"name": "eu-west-1"}]

    answered = asked(strict, "PUT", "/credentials", {**NEW, "regions": regions})

    assert answered == {
        **NEW,
        "regions": [*reversed(regions)],
        "permissions": {},
        "requiredGroupMembership": [],
        "allowPrivateThirdPartyImages": False,
    }


def test_a_loaded_ecs_account_is_its_aws_account_without_an_external_id(
    strict: StrictGate,
) -> None:
    strict.tick()

    shown = asked(strict, "GET", "/credentials/prod-ecs")

    assert (shown["type"], shown["accountType"]) == ("ecs", "ecs")
    assert shown["assumeRole"] == strict.loaded["prod"]["assumeRole"]
    assert "externalId" not in shown
