"""Every call keeps to AWS's own model of it: patterns, sizes, enums."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from accounts.external_ids import rotate
from accounts.models.states import State, Status
from onboarding.aws import organization as pages
from onboarding.aws.apply import apply
from onboarding.aws.client import AccountClient
from onboarding.aws.discover import own_account
from onboarding.aws.errors import AwsError
from onboarding.aws.organization import organization_accounts, organization_id
from onboarding.aws.preconditions import Account
from onboarding.aws.roles.used_by import last_accessed, users_of
from onboarding.aws.shared_clients import shared_core
from onboarding.resources.kinds import (
    MANAGED_PATH,
    Attachment,
    InstanceProfile,
    ManagedPolicy,
    OidcProvider,
    OwnerTag,
    Resource,
    Role,
)
from onboarding.resources.plan import Create, Delete, Update
from onboarding.resources.policy import Policy
from onboarding.verify.denial import Holder
from tests.onboarding.aws.field import ADMINISTRATOR, Field
from tests.onboarding.aws.wanted import ADMIN, VIEW, access, reading
from tests.strict_aws.calls import Calls
from tests.strict_aws.conftest import Strictly
from tests.strict_aws.job import EVERYTHING, Job
from tests.strict_aws.keys import KeysOfOthers
from tests.strict_aws.limits import Quotas
from tests.strict_aws.shapes import broken
from tests.test_rights import called

ALL_BUT_ECS = EVERYTHING.replace("ecs: {}, ", "")
TRUST = "{}"
ROLE = {"RoleName": "R", "AssumeRolePolicyDocument": TRUST}
GRANT = {"KeyId": "k", "GranteePrincipal": "arn:x", "Operations": ["Decrypt"]}
ENTRY = {"clusterName": "apps", "principalArn": "arn:x"}


def wrong(operation: str, given: dict[str, Any]) -> list[str]:
    service, _, name = operation.partition(":")
    model = shared_core().get_service_model(service).operation_model(name)
    return list(broken(model.input_shape, given, name))


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("iam:CreateRole", ROLE),
        ("iam:CreateRole", {**ROLE, "Tags": [{"Key": "é ", "Value": ""}]}),
        ("iam:CreateRole", {**ROLE, "Description": "Lets “Spinnaker” in"[:4]}),
        ("kms:CreateGrant", {**GRANT, "Name": "bowline/1"}),
        ("eks:CreateAccessEntry", {**ENTRY, "tags": {"a": "b"}}),
        ("ec2:DescribeVpcs", {"MaxResults": 5}),
    ],
)
def test_a_call_that_keeps_to_the_model_is_fine(
    operation: str, given: dict[str, Any]
) -> None:
    assert wrong(operation, given) == []


@pytest.mark.parametrize(
    ("operation", "given", "said"),
    [
        ("iam:CreateRole", {"RoleName": "R"}, ".AssumeRolePolicyDocument is missing"),
        ("iam:CreateRole", {**ROLE, "Name": "R"}, ".Name is unknown"),
        ("iam:CreateRole", {**ROLE, "RoleName": "a b"}, ".RoleName is 'a b', not"),
        ("iam:CreateRole", {**ROLE, "RoleName": "R" * 65}, ".RoleName is 65, not"),
        ("iam:CreateRole", {**ROLE, "Description": "“R”"}, ".Description is '“R”'"),
        ("iam:CreateRole", {**ROLE, "MaxSessionDuration": 60}, "is 60, not 3600"),
        (
            "iam:CreateRole",
            {**ROLE, "Tags": [{"Key": "a&b", "Value": ""}]},
            ".Tags[0].Key is 'a&b', not",
        ),
        ("iam:CreateRole", {**ROLE, "Tags": [{"Key": "k"}] * 51}, ".Tags is 51, not"),
        ("kms:CreateGrant", {**GRANT, "Operations": ["Fly"]}, "[0] is 'Fly', not one"),
        ("kms:CreateGrant", {**GRANT, "Name": "a.b"}, ".Name is 'a.b', not"),
        ("eks:CreateAccessEntry", {**ENTRY, "tags": {"": "b"}}, "key  is 0, not"),
        (
            "eks:CreateAccessEntry",
            {**ENTRY, "tags": {"k": "b" * 257}},
            ".tags.k is 257, not",
        ),
        ("ec2:DescribeVpcs", {"MaxResults": 5000}, ".MaxResults is 5000, not 5 to"),
    ],
)
def test_a_call_that_does_not_is_found(
    operation: str, given: dict[str, Any], said: str
) -> None:
    found = wrong(operation, given)

    assert any(said in one for one in found), found


def test_what_bowline_asks_is_heard_and_compared(field: Field, calls: Calls) -> None:
    iam = field.sessions().client(field.own, "iam")

    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName="a b")

    assert calls.made["iam:GetRole"] == 1
    assert [one.partition(", not")[0] for one in calls.wrong] == [
        "iam:GetRole.RoleName is 'a b'"
    ]
    calls.wrong.clear()


@pytest.mark.django_db(transaction=True)
def test_every_operation_that_the_code_names_is_called_and_keeps_to_the_model(
    job: Job, strictly: Strictly, calls: Calls
) -> None:
    strictly(KeysOfOthers(), Quotas())

    live(job)
    for resources in seldom(job.field):
        job.field.bring_about(job.field.reach, resources)
    look(job.field)

    assert called() - {*calls.made} == set()
    assert len(calls.made) > 60


def live(job: Job) -> None:
    """Onboard the account, rotate, change, verify and remove it."""
    job.managing = f", bakes: true, image_keys: ['{key_for(job.field)}']"
    job.providers = ALL_BUT_ECS
    assert job.onboard() == State.VERIFIED, job.output
    rotate(job.account, None)
    assert job.bring_up_to_date().status == Status.VERIFIED
    job.providers = EVERYTHING
    assert job.onboard() == State.VERIFIED, job.output
    assert job.verify().status == Status.VERIFIED
    assert job.remove().status == Status.REMOVED


def seldom(field: Field) -> Iterator[tuple[Resource, ...]]:
    """Yield what is to exist, one after the other, of what few accounts have."""
    account = field.managed_id
    field.iam.create_user(UserName="spinnaker")
    pods = OidcProvider(account=account, name="oidc.example/id/1")
    user = Attachment(
        account=account, holder="spinnaker", policy_arn=ADMINISTRATOR, to_user=True
    )
    trust = Policy.allowing(
        {"Principal": {"AWS": field.bowline}, "Action": "sts:AssumeRole"}
    )
    role = Role(account=account, name="R", trust=trust)
    bounded = replace(role, boundary=ADMINISTRATOR)
    yield pods, user, role, access(field, policy_arn=VIEW)
    yield bounded, access(field, policy_arn=ADMIN)
    yield (role,)
    for number in range(7):
        document = reading(f"ec2:DescribeNumber{number}")
        yield (
            ManagedPolicy(
                account=account, name="Made", path=MANAGED_PATH, document=document
            ),
        )
    profile = InstanceProfile(account=account, name="P", role="R")
    yield (profile,)
    arn = f"arn:aws:iam::{account}:role/R"
    users_of(field.sessions(), field.reach, arn, {"ec2.amazonaws.com"}, ["us-east-1"])
    for tag in (OwnerTag.on(role), OwnerTag.on(profile)):
        apply(field.sessions(), field.reach, Create(tag))
        apply(field.sessions(), field.reach, Delete(tag))
    for made in (pods, user, profile, role, access(field, policy_arn=ADMIN)):
        apply(field.sessions(), field.reach, Delete(made))


def look(field: Field) -> None:
    """Read what only some pages and refusals read."""
    sessions = field.sessions()
    client = AccountClient.of(sessions, field.reach)
    organization_id(sessions, field.own)
    organization_accounts(sessions, field.own)
    own_account(sessions)
    organization = AccountClient.of(sessions, field.own)
    (root,) = pages.roots(organization, "").found
    pages.units_below(organization, root.unit_id, "")
    pages.accounts_in(organization, root.unit_id, "")
    pages.accounts_anywhere(organization, "")
    pages.member(organization, field.managing_id)
    pages.tags_of(organization, field.managing_id)
    Account(sessions, client, ()).quota("Role")
    user = f"arn:aws:iam::{field.managed_id}:user/spinnaker"
    holder = Holder(client, user, MANAGED_PATH)
    assert holder.description
    assert holder.managed_policy("AdministratorAccess", ADMINISTRATOR).statements
    assert last_accessed(sessions, field.reach, user) == {}
    # Compared before they are sent: the emulator does not know them.
    ec2 = client.service_client("ec2", "us-east-1")
    with pytest.raises(AwsError, match="EBS encrypts"):
        client.call(ec2.get_ebs_encryption_by_default, "read whether EBS encrypts")
    pods = OidcProvider(account=field.managed_id, name="oidc.example/id/2")
    with pytest.raises(AwsError, match="Unknown IAM action"):
        apply(sessions, field.reach, Update(before=pods, after=pods))


def key_for(field: Field) -> str:
    """Make a key that lets the managed account make grants."""
    kms = field.root(field.managing_id, "kms")
    key: str = kms.create_key()["KeyMetadata"]["Arn"]
    theirs = {"AWS": f"arn:aws:iam::{field.managed_id}:root"}
    grants = {"Effect": "Allow", "Principal": theirs, "Action": "kms:*Grant*"}
    document = {"Version": "2012-10-17", "Statement": [{**grants, "Resource": "*"}]}
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(document))
    return key
