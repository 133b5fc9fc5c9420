"""The roles that services run code with, of all that an account has."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from onboarding.aws.client import AccountClient, once
from onboarding.aws.roles.passable import Passable, passable_roles
from onboarding.partitions import PARTITIONS
from onboarding.resources.policy import Policy

EC2, LAMBDA = "ec2.amazonaws.com", "lambda.amazonaws.com"


def role(name: str, *statements: dict[str, Any], path: str = "/") -> dict[str, Any]:
    return {
        "Path": path,
        "RoleName": name,
        "RoleId": "AROA1234567890123456",
        "Arn": f"arn:aws:iam::111111111111:role{path}{name}",
        "CreateDate": datetime(2026, 6, 1, tzinfo=UTC),
        "AssumeRolePolicyDocument": Policy.allowing(*statements).text,
    }


def trusting(*services: str) -> dict[str, Any]:
    return {"Principal": {"Service": [*services]}, "Action": "sts:AssumeRole"}


def test_only_roles_of_the_services_that_spinnaker_deploys_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    iam: Any = boto3.client("iam", "us-east-1")
    iam.signer = SimpleNamespace(session="")
    client = AccountClient("1" * 12, lambda *_: iam, once)
    monkeypatch.setattr(AccountClient, "of", lambda *_: client)
    roles = [
        role("web", trusting(EC2), path="/t/"),
        role("two", trusting("glue.amazonaws.com"), trusting(LAMBDA, EC2)),
        role("glue", trusting("glue.amazonaws.com")),
        role("anybody", {"Principal": "*", "Action": "sts:AssumeRole"}),
        role("person", {"Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}),
    ]
    sessions: Any = SimpleNamespace(partition=PARTITIONS["aws"])
    reach: Any = None

    with Stubber(iam) as stubbed:
        stubbed.add_response("list_roles", {"Roles": roles, "IsTruncated": False})
        found = passable_roles(sessions, reach)

    own = "arn:aws:iam::111111111111:role"
    assert found == [
        Passable(f"{own}/t/web", "/t/web", (EC2,)),
        Passable(f"{own}/two", "/two", (EC2, LAMBDA)),
    ]
