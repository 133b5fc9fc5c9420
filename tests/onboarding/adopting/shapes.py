"""Twelve shapes in which Spinnakers manage accounts, and each source they have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from onboarding.adopting.report import Report
from onboarding.carried.table import LEFT, TAKEN
from tests.onboarding.adopting.documents import (
    Providers,
    aws,
    halconfig,
    reported,
    service,
    spring,
    stored,
)

SECRET = "Pl4nted/Secret+OfThisTest0123456789abcdE"
ACCESS_KEY = "AKIAPLANTEDINTHETEST"
OTHER = "210987654321"


@dataclass(frozen=True)
class Shape:
    providers: Providers
    expected: Mapping[str, str]
    findings: set[str] = field(default_factory=set)
    """Kinds that must be among the findings, whatever the source."""
    role: str = "spinnakerManaged"
    partition: str = "aws"
    is_stored: bool = True
    """Whether Clouddriver's database can hold it, which has no settings."""


def on(*accounts: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return {"enabled": True, **settings, "accounts": list(accounts)}


HOOK = {
    "defaultResult": "ABANDON",
    "heartbeatTimeout": 120,
    "lifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
    "notificationTargetARN": "arn:aws:sns:us-east-1:123456789012:hook",
    "roleARN": "arn:aws:iam::123456789012:role/hook",
}
VARIABLE = "${SPINNAKER_AWS_DEFAULT_ASSUME_ROLE:SpinnakerManagedProfile}"
SHAPES = {
    "Spinnaker's own templates": Shape(
        {"aws": on(aws("prod", environment="production"), aws("dev", OTHER))},
        {"dev": TAKEN, "prod": TAKEN},
    ),
    "the guide by hand, with a user's keys": Shape(
        {"aws": on(aws("prod"), accessKeyId=ACCESS_KEY, secretAccessKey=SECRET)},
        {"prod": TAKEN},
        {"access-keys"},
        is_stored=False,
    ),
    "a module with a role name for each account": Shape(
        {
            "aws": on(
                aws("dev", assumeRole="role/acme-dev-spinnaker-managed"),
                aws("prod", OTHER, assumeRole="role/acme-prod-spinnaker-managed"),
            )
        },
        {"dev": TAKEN, "prod": TAKEN},
        {"several-roles"},
        role="acme-dev-spinnaker-managed",
    ),
    "its older version, with one role name": Shape(
        {
            "aws": on(
                aws("dev", assumeRole="role/SpinnakerManaged", defaultKeyPair="dev"),
                aws("prod", OTHER, assumeRole="role/SpinnakerManaged"),
            )
        },
        {"dev": TAKEN, "prod": TAKEN},
        role="SpinnakerManaged",
    ),
    "roles under a path": Shape(
        {
            "aws": on(
                aws("dev"), aws("prod", OTHER, assumeRole="role/spinnaker/managed")
            )
        },
        {"dev": TAKEN, "prod": TAKEN},
    ),
    "a node role that assumes a role of a free name": Shape(
        {"aws": on(aws("prod", assumeRole="role/corp-deployer", sessionName="corp"))},
        {"prod": TAKEN},
        role="corp-deployer",
    ),
    "variables with defaults": Shape(
        {
            "aws": on(
                aws(
                    "default-aws-account",
                    "${SPINNAKER_AWS_DEFAULT_ACCOUNT_ID:none}",
                    assumeRole=f"role/{VARIABLE}",
                ),
                aws("prod", OTHER, assumeRole=f"role/{VARIABLE}"),
            )
        },
        {"default-aws-account": LEFT, "prod": TAKEN},
        {"variable-default"},
        role="SpinnakerManagedProfile",
    ),
    "one account without a role": Shape(
        {"aws": on({"name": "test", "accountId": OTHER, "regions": [{"name": "x"}]})},
        {"test": LEFT},
        {"no-chain", "no-role"},
        role="",
    ),
    "China, with whole ARNs": Shape(
        {
            "aws": on(
                aws(
                    "beijing",
                    OTHER,
                    regions=[{"name": "cn-north-1"}],
                    assumeRole=f"arn:aws-cn:iam::{OTHER}:role/spinnakerManaged",
                )
            )
        },
        {"beijing": TAKEN},
        {"partition"},
        partition="aws-cn",
    ),
    "the operator's examples": Shape(
        {
            "aws": on(
                aws("short", "12345678", assumeRole="role/other-name"),
                aws("hooked", OTHER, assumeRole="role/x", lifecycleHooks=[HOOK]),
                aws("same", assumeRole="role/x"),
            ),
            "ecs": on({"name": "same", "awsAccount": "same"}),
        },
        {"short": LEFT, "hooked": TAKEN, "same": LEFT, "ecs/same": LEFT},
        {"name-of-two-providers", "several-roles"},
        role="x",
    ),
    "a hal script": Shape(
        {
            "aws": on(
                aws(
                    "prod",
                    regions=[{"name": "us-west-2"}, {"name": "us-east-1"}],
                    edda="https://edda.example.com",
                    accountType="main",
                )
            ),
            "ecs": on({"name": "prod-containers", "awsAccount": "prod"}),
        },
        {"prod": TAKEN, "prod-containers": TAKEN},
    ),
    "Kubernetes only, from a template": Shape(
        {
            "kubernetes": on(
                {
                    "name": "cluster",
                    "providerVersion": "v2",
                    "liveManifestCalls": True,
                    "kubeconfigFile": "configserver:cluster-kubeconfig",
                }
            )
        },
        {"cluster": LEFT},
        role="",
    ),
}
FILES: dict[str, Callable[[Providers], dict[str, bytes]]] = {
    "halconfig": halconfig,
    "spring": spring,
    "service": service,
}


def reports(shape: Shape) -> Iterator[tuple[str, Report]]:
    yield from (
        (name, reported(write(shape.providers))) for name, write in FILES.items()
    )
    if shape.is_stored:
        yield "stored", reported(stored(shape.providers))
