"""The emulated organization is what the demo's story needs it to be."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from onboarding.aws.client import AccountClient
from onboarding.aws.organization.members import organization_accounts
from onboarding.aws.organization.pages import accounts_in, roots, tags_of, units_below
from onboarding.aws.session import Sessions
from onboarding.topology import Reach
from script.emulated_organization import (
    ACCESS_ROLE,
    CLOSED,
    HANDMADE,
    LIMITED,
    MANAGING,
    MEMBERS,
    UNTRUSTING,
    Account,
    Credentials,
    bowline_policy,
    document,
    seed,
    trusting,
)


def bowline(service: str, credentials: Credentials) -> Any:
    return boto3.client(
        service,
        endpoint_url=credentials.endpoint,
        region_name=credentials.region,
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
    )


def inside(service: str, account: Account, credentials: Credentials) -> Any:
    """Enter an account by its access role, as Bowline does."""
    entered = bowline("sts", credentials).assume_role(
        RoleArn=account.arn(f"role/{ACCESS_ROLE}"), RoleSessionName="test"
    )["Credentials"]
    return boto3.client(
        service,
        endpoint_url=credentials.endpoint,
        region_name=credentials.region,
        aws_access_key_id=entered["AccessKeyId"],
        aws_secret_access_key=entered["SecretAccessKey"],
        aws_session_token=entered["SessionToken"],
    )


def code(refused: pytest.ExceptionInfo[ClientError]) -> str:
    return refused.value.response["Error"]["Code"]


def test_bowline_is_a_user_of_the_managing_account(organization: Credentials) -> None:
    identity = bowline("sts", organization).get_caller_identity()

    assert identity["Arn"] == MANAGING.arn("user/bowline")


@pytest.mark.parametrize(
    "account",
    [account for account in MEMBERS if account is not UNTRUSTING],
    ids=lambda account: account.name,
)
def test_bowline_enters_every_member_that_trusts(
    account: Account, organization: Credentials
) -> None:
    identity = inside("sts", account, organization).get_caller_identity()

    assert identity["Account"] == account.account_id


def test_one_member_does_not_trust_the_managing_account(
    organization: Credentials,
) -> None:
    with pytest.raises(ClientError) as refused:
        inside("sts", UNTRUSTING, organization)

    assert code(refused) == "AccessDenied"


def test_one_member_has_a_handmade_role_that_trusts_a_stranger(
    organization: Credentials,
) -> None:
    iam = inside("iam", HANDMADE, organization)

    role = iam.get_role(RoleName="spinnakerManaged")["Role"]

    [statement] = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert not role.get("Tags")


def test_one_member_lacks_the_right_to_put_role_policies(
    own_organization: Credentials,
) -> None:
    iam = inside("iam", LIMITED, own_organization)
    trust = trusting({"AWS": MANAGING.arn("root")})
    iam.create_role(RoleName="made", AssumeRolePolicyDocument=trust)

    with pytest.raises(ClientError) as refused:
        iam.put_role_policy(
            RoleName="made",
            PolicyName="refused",
            PolicyDocument=document({"Action": "iam:PassRole", "Resource": "*"}),
        )

    assert code(refused) == "AccessDenied"


@pytest.mark.usefixtures("aws")
def test_bowline_reads_every_member_and_which_is_closed() -> None:
    own = Reach(MANAGING.account_id)

    found = organization_accounts(Sessions(run="test"), own).accounts

    listed = (MANAGING, *MEMBERS, CLOSED)
    ids_and_names = [(one.account_id, one.name) for one in found]
    assert ids_and_names == [(one.account_id, one.name) for one in listed]
    assert [one.account_id for one in found if not one.active] == [CLOSED.account_id]


@pytest.mark.usefixtures("aws")
def test_accounts_are_in_units_and_have_tags() -> None:
    client = AccountClient.of(Sessions(run="test"), Reach(MANAGING.account_id))

    (root,) = roots(client, "").found
    below = {one.name: one for one in units_below(client, root.unit_id, "").found}
    (production,) = units_below(client, below["Workloads"].unit_id, "").found
    inside = {one.name for one in accounts_in(client, production.unit_id, "").found}

    assert {*below} == {"Workloads", "Sandbox"}
    assert inside == {"accountprod", "accountdata"}
    assert tags_of(client, MANAGING.account_id) == {"team": "platform"}


def test_bowline_may_make_no_user_and_no_role_of_another_name(
    organization: Credentials,
) -> None:
    iam = bowline("iam", organization)

    with pytest.raises(ClientError) as no_user:
        iam.create_user(UserName="another")
    with pytest.raises(ClientError) as no_role:
        iam.create_role(
            RoleName="another",
            AssumeRolePolicyDocument=trusting({"AWS": MANAGING.arn("root")}),
        )

    assert code(no_user) == code(no_role) == "AccessDenied"


def test_its_policy_fits_aws_quota() -> None:
    assert len(bowline_policy().replace(" ", "")) < 6144


def test_seeding_again_changes_nothing_but_the_key(
    own_organization: Credentials,
) -> None:
    def what_is_there() -> list[Any]:
        again = seed(own_organization.endpoint)
        member = MEMBERS[0]
        subnets = inside("ec2", member, again).describe_subnets()["Subnets"]
        roles = inside("iam", member, again).list_roles()["Roles"]
        return [
            [subnet["SubnetId"] for subnet in subnets],
            [(role["RoleId"], role["AssumeRolePolicyDocument"]) for role in roles],
        ]

    assert what_is_there() == what_is_there()
