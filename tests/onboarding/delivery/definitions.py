"""What Clouddriver keeps, fills in and answers of a definition, and Gate's errors.

Measured with both of 2026.3.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from onboarding.carried.table import SENDABLE
from onboarding.delivery.transport import Answer

SECRET = "client-key-data: c2VjcmV0LW9mLXNvbWVib2R5"
KEYS = {
    "aws": {*SENDABLE["aws"], "managingAccountProfile"},
    "ecs": {*SENDABLE["ecs"]},
    "kubernetes": {*SENDABLE["kubernetes"], "kubeconfigFile"},
}
"""What Clouddriver keeps of a body; anything else is dropped without a word."""
FILLED: dict[str, Any] = {
    "environment": "{}",
    "accountType": "{}",
    "enabled": True,
    "regions": [{"name": "us-east-1"}],
    "assumeRole": "role/spinnakerManaged",
    "defaultKeyPair": "{}-keypair",
}
"""What loading fills in where an `aws` body leaves it out, with its name for {}."""
BRIEF = (
    "accountId",
    "accountType",
    "cloudProvider",
    "name",
    "permissions",
    "requiredGroupMembership",
    "type",
)
"""What a list without details shows of a loaded account."""
UNNOTICED = {"namingStrategy", "requiredGroupMembership"}
"""What Clouddriver does not compare of a definition, next to the zones of Regions."""
ANSWERED: dict[str, dict[str, Any]] = {
    "aws": {
        "allowPrivateThirdPartyImages": False,
        "permissions": {},
        "requiredGroupMembership": [],
    },
    "kubernetes": {
        "cacheAllApplicationRelationships": False,
        "cacheThreads": 1,
        "cachingPolicies": [],
        "checkPermissionsOnStartup": True,
        "customResources": [],
        "debug": False,
        "kinds": [],
        "metrics": True,
        "namespaces": [],
        "namingStrategy": "kubernetesAnnotations",
        "oauthScopes": [],
        "omitKinds": [],
        "omitNamespaces": [],
        "onlySpinnakerManaged": False,
        "permissions": {},
        "rawResourcesEndpointConfig": {
            "kindExpressions": [],
            "omitKindExpressions": [],
        },
        "requiredGroupMembership": [],
        "serviceAccount": False,
    },
}
"""What an answer adds to a definition that was stored without it."""
LONGEST_NAME = 255
"""Of the database's column."""
ZONES = ("a", "b")
VERBS = {"READ", "WRITE", "EXECUTE", "CREATE"}
TRUTHS = (True, False, 0, 1, "true", "false", None)
"""What Clouddriver reads as a truth, or as none."""


def parsed(body: bytes) -> Any:
    """Read what was sent; None where it is empty or no JSON."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def well_formed(body: dict[str, Any]) -> bool:
    permissions = body.get("permissions") or {}
    return (
        all(isinstance(region, dict) for region in body.get("regions") or [])
        and isinstance(permissions, dict)
        and permissions.keys() <= VERBS
        and all(isinstance(roles, list | None) for roles in permissions.values())
        and body.get("lambdaEnabled") in TRUTHS
    )


def ok(value: Any) -> Answer:
    return Answer(200, "application/json", json.dumps(value).encode())


def error(status: int, message: str = "") -> Answer:
    """Answer an error of Clouddriver's through Gate: its message may hold what was
    stored.
    """
    text = f"Status: {status}, Method: PUT, URL: http://spin, Message: {message}"
    value = {
        "timestamp": 1_795_000_000_000,
        "status": status,
        "error": HTTPStatus(status).phrase,
        "exception": "com.netflix.spinnaker.kork.retrofit.SpinnakerHttpException",
        "message": f"{text} {SECRET}",
    }
    return Answer(status, "application/json", json.dumps(value).encode())


def gates_own(status: int) -> Answer:
    """Answer as Gate to what it never passes on: no such path, no readable body."""
    value = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "instance": "/credentials",
    }
    return Answer(status, "application/problem+json", json.dumps(value).encode())


def answered(one: dict[str, Any]) -> dict[str, Any]:
    """Write a definition as it is answered: complete, its regions by name."""
    whole = {**ANSWERED.get(one["type"], {}), **one}
    if whole.get("regions"):
        regions = sorted(whole["regions"], key=lambda region: region["name"])
        whole["regions"] = regions
    return whole


def compared(one: dict[str, Any]) -> dict[str, Any]:
    """Return what Clouddriver compares of a definition to load it again."""
    kept = {key: value for key, value in one.items() if key not in UNNOTICED}
    if kept.get("regions"):
        kept["regions"] = sorted(region["name"] for region in kept["regions"])
    return kept


def trimmed(permissions: dict[str, Any] | None) -> dict[str, list[str]]:
    """Return groups as they are loaded: what is stored keeps their case."""
    return {
        verb: [role.strip().lower() for role in roles]
        for verb, roles in (permissions or {}).items()
        if roles
    }
