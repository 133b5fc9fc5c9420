"""An account as hal has it: its keys, what a fresh one is, what flags set."""

from __future__ import annotations

from typing import Any

KEYS = {
    "aws": {
        "name", "environment", "requiredGroupMembership", "permissions",
        "defaultKeyPair", "edda", "discovery", "accountId", "regions", "assumeRole",
        "externalId", "sessionName", "lifecycleHooks", "lambdaEnabled",
        "providerVersion",
    },
    "ecs": {
        "name", "environment", "requiredGroupMembership", "permissions", "awsAccount",
        "providerVersion",
    },
    "kubernetes": {
        "name", "environment", "requiredGroupMembership", "permissions",
        "dockerRegistries", "providerVersion", "context", "cluster", "user",
        "configureImagePullSecrets", "serviceAccount", "cacheThreads", "namespaces",
        "omitNamespaces", "kinds", "omitKinds", "customResources", "cachingPolicies",
        "kubeconfigFile", "oAuthScopes", "onlySpinnakerManaged",
        "rawResourcesEndpointConfig",
    },
}  # fmt: skip
FRESH: dict[str, Any] = {
    "aws": {"name": None, "requiredGroupMembership": [], "permissions": {}},
    "ecs": {"name": None, "requiredGroupMembership": [], "permissions": {}},
    "kubernetes": {
        "name": None,
        "requiredGroupMembership": [],
        "permissions": {},
        "dockerRegistries": [],
        "providerVersion": "V2",
        "configureImagePullSecrets": True,
        "cacheThreads": 1,
        "namespaces": [],
        "omitNamespaces": [],
        "kinds": [],
        "omitKinds": [],
        "customResources": [],
        "cachingPolicies": [],
        "oAuthScopes": [],
        "onlySpinnakerManaged": False,
        "rawResourcesEndpointConfig": {
            "kindExpressions": [],
            "omitKindExpressions": [],
        },
    },
}
FIELDS = {
    "--account-id": "accountId",
    "--assume-role": "assumeRole",
    "--aws-account": "awsAccount",
    "--context": "context",
    "--default-key-pair": "defaultKeyPair",
    "--edda": "edda",
    "--environment": "environment",
    "--external-id": "externalId",
    "--lambda-enabled": "lambdaEnabled",
    "--namespaces": "namespaces",
    "--omit-namespaces": "omitNamespaces",
    "--service-account": "serviceAccount",
}
