"""The emulator's simulator judges each resource in the context, as IAM's does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.exceptions import ClientError

from script.emulated_organization import Account, Credentials, Edge

SIMULATED = Account(name="simulated", account_id="123123123123")
ASSUME, TAG = "sts:AssumeRole", "sts:TagSession"
MAY, MAY_NOT = (f"arn:aws:iam::{number}:role/a<&b" for number in ("2" * 12, "3" * 12))
KEY = "sts:ExternalId"


class Said(NamedTuple):
    decision: str
    missing: list[str]
    of_each: dict[str, tuple[str, list[str]]]


def said(iam: Any, *resources: str, context: str = "") -> dict[str, Said]:
    """Ask what someone may do, and return it by action."""
    entry = {
        "ContextKeyName": KEY,
        "ContextKeyValues": [context],
        "ContextKeyType": "string",
    }
    answer = iam.simulate_principal_policy(
        PolicySourceArn=SIMULATED.arn("user/someone"),
        ActionNames=[ASSUME, TAG],
        ResourceArns=[*resources],
        ContextEntries=[entry] if context else [],
    )
    return {
        result["EvalActionName"]: Said(
            result["EvalDecision"],
            result["MissingContextValues"],
            {
                one["EvalResourceName"]: (
                    one["EvalResourceDecision"],
                    one["MissingContextValues"],
                )
                for one in result["ResourceSpecificResults"]
            },
        )
        for result in answer["EvaluationResults"]
    }


@pytest.fixture(scope="module")
def iam(organization: Credentials) -> Iterator[Any]:
    """Yield a client in an account where someone may assume one role as “one”."""
    iam = Edge(boto3.Session(), organization.endpoint, SIMULATED).client("iam")
    allow = {
        "Effect": "Allow",
        "Action": ASSUME,
        "Resource": MAY,
        "Condition": {"StringEquals": {KEY: "one"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    user = {"UserName": "someone"}
    iam.create_user(**user)
    iam.put_user_policy(**user, PolicyName="one-role", PolicyDocument=document)
    yield iam
    iam.delete_user_policy(**user, PolicyName="one-role")
    iam.delete_user(**user)


def test_a_request_is_answered_for_each_resource(iam: Any) -> None:
    denied = ("implicitDeny", [])

    assert said(iam, MAY_NOT, MAY, context="one") == {
        ASSUME: Said("allowed", [], {MAY: ("allowed", []), MAY_NOT: denied}),
        TAG: Said("implicitDeny", [], {MAY: denied, MAY_NOT: denied}),
    }


def test_another_value_of_a_condition_key_is_denied(iam: Any) -> None:
    denied = said(iam, MAY, context="two")[ASSUME]

    assert denied == Said("implicitDeny", [], {MAY: ("implicitDeny", [])})


def test_a_condition_key_that_was_not_given_is_named_of_all(iam: Any) -> None:
    lacking = ("implicitDeny", [KEY.lower()])
    denied = Said(*lacking, {MAY: lacking, MAY_NOT: lacking})

    assert said(iam, MAY_NOT, MAY) == {ASSUME: denied, TAG: denied}


def test_all_resources_are_not_answered_each(iam: Any) -> None:
    assert said(iam, "*")[ASSUME] == Said("implicitDeny", [KEY.lower()], {})


def test_a_stack_is_found_by_what_it_has(organization: Credentials) -> None:
    edge = Edge(boto3.Session(), organization.endpoint, SIMULATED)
    stacks = edge.client("cloudformation", region="us-east-1")
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {"RoleName": "stacked", "AssumeRolePolicyDocument": {}},
    }
    template = json.dumps({"Resources": {"Role": role}})
    stacks.create_stack(
        StackName="roles",
        TemplateBody=template,
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    stacks.get_waiter("stack_create_complete").wait(
        StackName="roles", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )

    (one,) = stacks.describe_stack_resources(PhysicalResourceId="stacked")[
        "StackResources"
    ]
    stacks.delete_stack(StackName="roles")

    assert (one["StackName"], one["ResourceType"]) == ("roles", "AWS::IAM::Role")
    with pytest.raises(ClientError, match="Stack for unknown does not exist"):
        stacks.describe_stack_resources(PhysicalResourceId="unknown")
