"""Denied is never absent: each read that alone is denied is an error that names it.

Everything that is read exists and everything else is allowed, so that a denial taken
for “not there” would end in a smaller answer and no error.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from onboarding.aws import client
from onboarding.aws.discover import answers, oidc_issuer, regions
from onboarding.aws.errors import AwsError
from onboarding.aws.observe import observe
from onboarding.checks import Call
from onboarding.resources.kinds import Attachment, Resource
from tests.onboarding.aws.field import ACCESS_ROLE, Field
from tests.onboarding.aws.wanted import everything

pytestmark = pytest.mark.usefixtures("cluster")

OBSERVING = (
    "eks:DescribeAccessEntry",
    "eks:ListAssociatedAccessPolicies",
    "iam:GetInstanceProfile",
    "iam:GetOpenIDConnectProvider",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:GetUser",
    "iam:ListAttachedRolePolicies",
    "iam:ListAttachedUserPolicies",
    "iam:ListPolicies",
    "iam:ListRolePolicies",
    "iam:ListRoles",
    "kms:ListGrants",
)
EAST = "us-east-1"


@pytest.fixture
def resources(field: Field) -> tuple[Resource, ...]:
    """Make one resource of each kind, and an attachment to a user."""
    field.iam.create_user(UserName="spinnaker")
    made = everything(field)
    policy = next(one for one in made if isinstance(one, Attachment))
    to_user = replace(policy, holder="spinnaker", to_user=True)
    resources = (*made, to_user)
    field.bring_about(field.reach, resources)
    return resources


def deny(field: Field, action: str) -> None:
    """Deny the access role this one action; all others stay allowed."""
    statement = {"Effect": "Deny", "Action": action, "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    field.iam.put_role_policy(
        RoleName=ACCESS_ROLE,
        PolicyName="Deny",
        PolicyDocument=json.dumps(document),
    )


@pytest.mark.parametrize("action", OBSERVING)
def test_a_denied_read_of_what_exists_is_an_error(
    field: Field, resources: tuple[Resource, ...], action: str
) -> None:
    deny(field, action)

    with pytest.raises(AwsError) as caught:
        observe(field.sessions(), field.reach, resources)

    assert caught.value.denied
    assert caught.value.operation == action
    assert f"Allow {action} to the role {ACCESS_ROLE}" in caught.value.hint


def test_these_are_all_the_reads_of_observe(
    field: Field, resources: tuple[Resource, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = set()

    def noted(service: str, operation: str) -> str:
        asked.add(name := iam_action(service, operation))
        return name

    iam_action = client.iam_action
    monkeypatch.setattr(client, "iam_action", noted)

    observed = observe(field.sessions(), field.reach, resources)

    assert len(observed) == len(resources)
    assert asked == {*OBSERVING}


@pytest.mark.parametrize(
    ("action", "discover"),
    [
        ("ec2:DescribeRegions", regions),
        (
            "eks:ListClusters",
            lambda *who: answers(*who, [Call("eks", "list_clusters", EAST)]),
        ),
        ("eks:DescribeCluster", lambda *who: oidc_issuer(*who, "apps", EAST)),
        (
            "eks:DescribeCluster",
            lambda *who: answers(
                *who, [Call("eks", "describe_cluster", EAST, (("name", "apps"),))]
            ),
        ),
        (
            "ec2:DescribeKeyPairs",
            lambda *who: answers(*who, [Call("ec2", "describe_key_pairs", EAST)]),
        ),
        (
            "iam:ListRoles",
            lambda *who: answers(*who, [Call("iam", "list_roles")]),
        ),
    ],
)
def test_a_denied_discovery_is_an_error(
    field: Field, action: str, discover: Callable[..., Any]
) -> None:
    allowed = discover(field.sessions(), field.reach)
    deny(field, action)

    with pytest.raises(AwsError) as caught:
        discover(field.sessions(), field.reach)

    assert allowed
    assert caught.value.denied
    assert caught.value.operation == action
