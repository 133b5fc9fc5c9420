"""The strict AWS judges conditions that the emulator does not know."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onboarding.aws.errors import AwsError
from onboarding.aws.session import Credentials, Sessions
from tests.onboarding.aws.field import Field, trusting
from tests.strict_aws.conditions import GranteePrincipals, ResourceOrganizations
from tests.strict_aws.conftest import Strictly
from tests.strict_aws.keys import KeysOfOthers
from tests.strict_aws.test_trouble import through_key

OURS, THEIRS = "o-a1b2c3d4e5", "o-f6g7h8i9j0"


def policy(action: str, operator: str, key: str, wanted: Any) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    condition = {operator: {key: wanted}}
    whole = [{**statement, "Condition": condition}]
    return json.dumps({"Version": "2012-10-17", "Statement": whole})


def of_organization(wanted: str) -> str:
    return policy("sts:AssumeRole", "StringEquals", "aws:ResourceOrgID", wanted)


def said(call: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**given)
    return str(caught.value)


@pytest.fixture
def identity(field: Field) -> str:
    """Make the role that assumes others, and one that trusts it; return the first."""
    arn = f"arn:aws:iam::{field.managing_id}:role/Identity"
    field.root(field.managing_id).create_role(
        RoleName="Identity", AssumeRolePolicyDocument=trusting(field.bowline)
    )
    field.iam.create_role(RoleName="R", AssumeRolePolicyDocument=trusting(arn))
    return arn


def assume(field: Field, identity: str) -> Credentials:
    """Assume the other account's role, as the identity."""
    sessions = Sessions("test")
    source = sessions.assume(identity, session_name="somebody")
    role = f"arn:aws:iam::{field.managed_id}:role/R"
    return sessions.assume(role, session_name="somebody", source=source)


@pytest.mark.smoke
@pytest.mark.parametrize("inline", [True, False], ids=["inline", "managed"])
@pytest.mark.parametrize("organization", [OURS, THEIRS, ""])
def test_a_role_is_assumed_in_the_organization_that_is_named_and_in_no_other(
    field: Field, strictly: Strictly, identity: str, organization: str, inline: bool
) -> None:
    of = {field.managing_id: OURS, field.managed_id: organization}
    strictly(ResourceOrganizations(of))
    iam = field.sessions().client(field.own, "iam")
    give(iam, "Identity", of_organization(OURS), inline=inline)

    if organization == OURS:
        assert assume(field, identity)
        return
    with pytest.raises(AwsError) as caught:
        assume(field, identity)
    assert caught.value.denied
    assert "because no identity-based policy allows the" in caught.value.message


def give(iam: Any, role: str, document: str, *, inline: bool) -> None:
    if inline:
        iam.put_role_policy(RoleName=role, PolicyName="P", PolicyDocument=document)
        return
    made = iam.create_policy(PolicyName="P", PolicyDocument=document)
    iam.attach_role_policy(RoleName=role, PolicyArn=made["Policy"]["Arn"])


@pytest.mark.parametrize("organization", [OURS, THEIRS])
def test_a_user_enters_the_accounts_of_its_own_organization(
    field: Field, strictly: Strictly, organization: str
) -> None:
    strictly(
        ResourceOrganizations({field.managing_id: OURS, field.managed_id: organization})
    )
    iam = through_root(field, field.managing_id, "iam")
    administrator = iam.list_attached_user_policies(UserName="bowline")
    (attached,) = administrator["AttachedPolicies"]
    iam.detach_user_policy(UserName="bowline", PolicyArn=attached["PolicyArn"])
    document = of_organization("${aws:PrincipalOrgID}")
    iam.put_user_policy(UserName="bowline", PolicyName="P", PolicyDocument=document)
    sts = field.sessions().client(field.own, "sts")
    wanted = {
        "RoleArn": f"arn:aws:iam::{field.managed_id}:role/Access",
        "RoleSessionName": "somebody",
    }

    if organization == OURS:
        assert sts.assume_role(**wanted)["Credentials"]
    else:
        assert "AccessDenied" in said(sts.assume_role, **wanted)


def through_root(field: Field, account: str, service: str) -> Any:
    return field.sessions().client_with(Credentials(account, "any"), service)


@pytest.mark.smoke
def test_a_policy_is_read_back_as_it_was_written(
    field: Field, strictly: Strictly
) -> None:
    strictly(ResourceOrganizations(), GranteePrincipals())
    iam = through_key(field, "iam")
    iam.create_role(RoleName="R", AssumeRolePolicyDocument=trusting(field.bowline))
    document = json.loads(of_organization(OURS))
    more = policy("kms:CreateGrant", "StringLike", "kms:GranteePrincipal", "arn:*")
    document["Statement"] += json.loads(more)["Statement"]

    give(iam, "R", json.dumps(document), inline=True)

    read = iam.get_role_policy(RoleName="R", PolicyName="P")["PolicyDocument"]
    assert read == document


@pytest.mark.parametrize(
    ("given", "decision"),
    [(OURS, "allowed"), (THEIRS, "implicitDeny"), ("", "implicitDeny")],
)
def test_the_simulator_knows_the_organization_that_it_is_given(
    field: Field, strictly: Strictly, identity: str, given: str, decision: str
) -> None:
    strictly(ResourceOrganizations({field.managed_id: OURS}))
    iam = field.sessions().client(field.own, "iam")
    give(iam, "Identity", of_organization(OURS), inline=True)
    entry = {
        "ContextKeyName": "aws:ResourceOrgID",
        "ContextKeyValues": [given],
        "ContextKeyType": "string",
    }

    answer = iam.simulate_principal_policy(
        PolicySourceArn=identity,
        ActionNames=["sts:AssumeRole"],
        ResourceArns=[f"arn:aws:iam::{field.managed_id}:role/R"],
        ContextEntries=[entry] if given else [],
    )

    (result,) = answer["EvaluationResults"]
    assert result["EvalDecision"] == decision


def test_an_account_is_told_its_organization_or_that_it_has_none(
    field: Field, strictly: Strictly
) -> None:
    strictly(ResourceOrganizations({field.managing_id: OURS}))
    here = through_root(field, field.managing_id, "organizations")
    there = through_root(field, field.managed_id, "organizations")

    assert here.describe_organization()["Organization"]["Id"] == OURS
    assert "AWSOrganizationsNotInUse" in said(there.describe_organization)


def grantee(account: str, name: str = "AutoScaling") -> str:
    service = "role/aws-service-role/autoscaling.amazonaws.com/"
    return f"arn:aws:iam::{account}:{service}AWSServiceRoleFor{name}"


def test_a_grant_is_for_the_principal_that_ones_policy_names(
    field: Field, strictly: Strictly
) -> None:
    strictly(GranteePrincipals())
    iam = through_root(field, field.managed_id, "iam")
    iam.detach_role_policy(
        RoleName="Access", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    theirs = grantee(field.managed_id)
    allowing = policy("kms:CreateGrant", "StringLike", "kms:GranteePrincipal", theirs)
    give(iam, "Access", allowing, inline=True)
    kms = field.sessions().client(field.reach, "kms")
    wanted = {"KeyId": field.key, "Operations": ["Decrypt"]}

    refused = said(
        kms.create_grant, **wanted, GranteePrincipal=grantee(field.managed_id, "Other")
    )

    assert "AccessDeniedException" in refused
    assert "because no identity-based policy allows the kms:CreateGrant" in refused
    assert kms.create_grant(**wanted, GranteePrincipal=theirs)["GrantId"]


def test_a_grant_is_for_the_principal_that_the_policy_of_the_key_names(
    field: Field, strictly: Strictly
) -> None:
    strictly(KeysOfOthers())
    own = field.root(field.managing_id, "kms")
    key = own.create_key()["KeyMetadata"]["Arn"]
    theirs = grantee(field.managed_id)
    document = json.loads(
        policy("kms:CreateGrant", "StringEquals", "kms:GranteePrincipal", theirs)
    )
    principal = {"AWS": f"arn:aws:iam::{field.managed_id}:root"}
    document["Statement"][0]["Principal"] = principal
    own.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(document))
    kms = field.sessions().client(field.reach, "kms")
    wanted = {"KeyId": key, "Operations": ["Decrypt"]}

    refused = said(
        kms.create_grant, **wanted, GranteePrincipal=grantee(field.managed_id, "Other")
    )

    assert "AccessDeniedException" in refused
    assert "because no resource-based policy allows the kms:CreateGrant" in refused
    assert kms.create_grant(**wanted, GranteePrincipal=theirs)["GrantId"]
