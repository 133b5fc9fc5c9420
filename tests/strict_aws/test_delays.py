"""The strict AWS knows some things only after a while."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.onboarding.aws.field import ADMINISTRATOR, Field, trusting
from tests.strict_aws.conftest import Strictly
from tests.strict_aws.delays import (
    EksInvalidPrincipal,
    GrantsNotYet,
    InvalidPrincipal,
    NotAssumableYet,
    StaleReads,
    YoungEntryUnknown,
    YoungUnknown,
)

LAG = 1.0
"""Seconds in which a busy machine, too, makes the next call."""


def through(field: Field, service: str) -> Any:
    """Give a client of Bowline's in the managed account, through the proxy."""
    return field.sessions().client(field.reach, service)


def code(call: Any, **given: Any) -> str:
    """Make the call, and give the code with which it is denied."""
    with pytest.raises(ClientError) as caught:
        call(**given)
    return str(caught.value.response["Error"]["Code"])


def trusts(field: Field, iam: Any) -> bool:
    document = iam.get_role(RoleName="R")["Role"]["AssumeRolePolicyDocument"]
    return bool(field.bowline in str(document))


def test_a_read_is_as_before_the_write_for_a_while(
    field: Field, strictly: Strictly
) -> None:
    strictly(StaleReads(LAG))
    iam = through(field, "iam")
    field.iam.create_role(
        RoleName="R", AssumeRolePolicyDocument=trusting(field.managed_id)
    )
    before = trusts(field, iam)

    iam.update_assume_role_policy(RoleName="R", PolicyDocument=trusting(field.bowline))
    at_once = trusts(field, iam)
    time.sleep(LAG)
    later = trusts(field, iam)

    assert (before, at_once, later) == (False, False, True)


def test_a_role_of_a_moment_ago_is_unknown_to_the_next_call(
    field: Field, strictly: Strictly
) -> None:
    strictly(YoungUnknown(LAG))
    iam = through(field, "iam")
    attach = {"RoleName": "R", "PolicyArn": ADMINISTRATOR}
    iam.create_role(RoleName="R", AssumeRolePolicyDocument=trusting(field.bowline))

    assert code(iam.attach_role_policy, **attach) == "NoSuchEntity"
    assert code(iam.get_role, RoleName="R") == "NoSuchEntity"
    time.sleep(LAG)
    iam.attach_role_policy(**attach)


@pytest.mark.smoke
def test_a_role_of_a_moment_ago_lets_nobody_in(
    field: Field, strictly: Strictly
) -> None:
    strictly(NotAssumableYet(LAG))
    iam = through(field, "iam")
    iam.create_role(RoleName="R", AssumeRolePolicyDocument=trusting(field.bowline))
    arn = f"arn:aws:iam::{field.managed_id}:role/R"
    sts = field.sessions().client(field.own, "sts")
    wanted = {"RoleArn": arn, "RoleSessionName": "somebody"}

    assert code(sts.assume_role, **wanted) == "AccessDenied"
    time.sleep(LAG)
    assert sts.assume_role(**wanted)["Credentials"]


@pytest.mark.parametrize(
    ("service", "operation", "refused"),
    [
        ("ec2", "describe_vpcs", "UnauthorizedOperation"),
        ("autoscaling", "describe_auto_scaling_groups", "AccessDenied"),
        ("ecs", "list_clusters", "AccessDeniedException"),
        ("lambda", "list_functions", "AccessDeniedException"),
    ],
)
def test_what_was_granted_a_moment_ago_is_still_denied(
    field: Field, strictly: Strictly, service: str, operation: str, refused: str
) -> None:
    strictly(GrantsNotYet(LAG))
    sessions = field.sessions()
    iam = sessions.client(field.reach, "iam")
    call = getattr(sessions.client(field.reach, service), operation)
    iam.attach_role_policy(RoleName="Access", PolicyArn=ADMINISTRATOR)

    assert code(call) == refused
    time.sleep(LAG)
    assert call()


def test_iam_trusts_no_role_that_is_missing_or_young(
    field: Field, strictly: Strictly
) -> None:
    strictly(InvalidPrincipal(LAG))
    own = field.sessions().client(field.own, "iam")
    iam = through(field, "iam")
    trust = trusting(f"arn:aws:iam::{field.managing_id}:role/Identity")
    wanted = {"RoleName": "R", "AssumeRolePolicyDocument": trust}

    missing = code(iam.create_role, **wanted)
    own.create_role(
        RoleName="Identity", AssumeRolePolicyDocument=trusting(field.bowline)
    )
    young = code(iam.create_role, **wanted)
    time.sleep(LAG)

    assert (missing, young) == ("MalformedPolicyDocument",) * 2
    assert iam.create_role(**wanted)["Role"]


@pytest.fixture
def entry(field: Field) -> dict[str, str]:
    """Make a cluster, and name an access entry that is wanted there."""
    field.iam.create_role(
        RoleName="eks", AssumeRolePolicyDocument=trusting(field.bowline)
    )
    field.root(field.managed_id, "eks").create_cluster(
        name="apps",
        roleArn=f"arn:aws:iam::{field.managed_id}:role/eks",
        resourcesVpcConfig={"subnetIds": []},
        accessConfig={"authenticationMode": "API"},
    )
    principal = f"arn:aws:iam::{field.managed_id}:role/R"
    return {"clusterName": "apps", "principalArn": principal}


def test_eks_knows_no_principal_of_a_moment_ago(
    field: Field, strictly: Strictly, entry: dict[str, str]
) -> None:
    strictly(EksInvalidPrincipal(LAG))
    iam, eks = through(field, "iam"), through(field, "eks")
    iam.create_role(RoleName="R", AssumeRolePolicyDocument=trusting(field.bowline))

    assert code(eks.create_access_entry, **entry) == "InvalidParameterException"
    time.sleep(LAG)
    assert eks.create_access_entry(**entry)["accessEntry"]


def test_eks_cannot_find_an_entry_of_a_moment_ago(
    field: Field, strictly: Strictly, entry: dict[str, str]
) -> None:
    strictly(YoungEntryUnknown(LAG))
    eks = through(field, "eks")
    view = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
    scope = {"policyArn": view, "accessScope": {"type": "cluster"}}
    eks.create_access_entry(**entry)

    refused = code(eks.associate_access_policy, **entry, **scope)
    time.sleep(LAG)

    assert refused == "ResourceNotFoundException"
    assert eks.associate_access_policy(**entry, **scope)["associatedAccessPolicy"]
