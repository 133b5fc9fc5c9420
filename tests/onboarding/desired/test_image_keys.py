"""Who may use the keys that encrypt baked images."""

from __future__ import annotations

import pytest

from onboarding.desired import desired_in
from onboarding.desired.image_keys import (
    key_grants,
    key_policy_statements,
    misplaced_key,
)
from onboarding.resources.kinds import KeyGrant, ManagedPolicy
from tests.factories import (
    MANAGED_ID,
    MANAGING_ID,
    image_key,
    managed,
    managing,
    provider,
    side_of,
    topology,
)

KEY = image_key()
SLR = (
    f"arn:aws:iam::{MANAGED_ID}:role/aws-service-role/autoscaling.amazonaws.com/"
    "AWSServiceRoleForAutoScaling"
)


def baking(*keys):
    """Give the statements of Packer's policy by their sids."""
    made = side_of(topology(bakes=True, image_keys=keys))
    policies = {r.name: r for r in made if isinstance(r, ManagedPolicy)}
    return {s["Sid"]: s for s in policies["BowlineBake"].document.document["Statement"]}


def grants(*providers, keys=(KEY,), **fields):
    core = managing(bakes=True, image_keys=keys)
    return list(key_grants(core, managed(*providers, **fields)))


@pytest.mark.parametrize("sid", ["ImageKeys", "GrantImageKeys"])
def test_packer_uses_only_named_keys_and_only_through_ec2(sid):
    statement = baking(KEY)[sid]

    through = statement["Condition"]["StringLike"]
    assert statement["Resource"] == KEY
    assert through == {"kms:ViaService": "ec2.*.amazonaws.com"}


def test_packer_grants_keys_to_aws_services_only():
    statement = baking(KEY)["GrantImageKeys"]

    assert statement["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}


def test_packer_uses_no_key_where_images_have_none_of_their_own():
    assert "kms:" not in str(baking())


def test_an_account_that_launches_may_use_the_key_by_auto_scalings_own_role():
    (grant,) = grants(provider("ec2"))

    assert grant.grantee == SLR
    assert (grant.account, grant.region) == (MANAGED_ID, "us-east-1")
    assert (grant.key_owner, grant.crosses_accounts) == (MANAGING_ID, True)
    assert {"CreateGrant", "Decrypt", "ReEncryptFrom"} <= set(grant.operations)


@pytest.mark.parametrize(
    "providers",
    [[provider("ec2", access="read")], [provider("ecs")], [provider("lambda")], []],
)
def test_an_account_that_launches_nothing_gets_no_grant(providers):
    assert grants(*providers) == []


def test_keys_of_regions_without_the_account_are_not_granted():
    keys = (image_key("eu-west-1"), image_key("us-west-2"))

    made = grants(provider("ec2"), keys=keys, regions=("us-west-2", "us-east-1"))

    assert [grant.region for grant in made] == ["us-west-2"]


def test_each_account_has_a_grant_of_its_own_on_each_key():
    one, two = (managed(provider("ec2"), account_id=i * 12) for i in "34")
    keys = (image_key("us-east-1"), image_key("us-west-2"))
    whole = topology(one, two, bakes=True, image_keys=keys)

    made = [
        resource
        for account in (one, two)
        for resource in desired_in(whole, account.account_id)
        if isinstance(resource, KeyGrant)
    ]

    assert {grant.account for grant in made} == {one.account_id, two.account_id}
    assert len({grant.key for grant in made}) == 4
    assert len({grant.mark for grant in made}) == 4


def test_a_grant_on_a_key_at_home_keeps_its_name():
    """Elsewhere it has another: KMS takes two of one name for one and the same."""
    (elsewhere,) = grants(provider("ec2"))
    (at_home,) = grants(provider("ec2"), account_id=MANAGING_ID)

    assert at_home.mark == f"bowline/{at_home.name}"
    assert elsewhere.mark == f"bowline/{MANAGED_ID}/{elsewhere.name}"


def test_the_policy_of_the_key_lets_the_account_grant_it_to_auto_scaling_only():
    (grant,) = grants(provider("ec2"))

    use, create, revoke = key_policy_statements(grant)

    root = {"AWS": f"arn:aws:iam::{MANAGED_ID}:root"}
    assert [s["Principal"] for s in (use, create, revoke)] == [root] * 3
    assert "kms:CreateGrant" not in use["Action"]
    assert create["Action"] == "kms:CreateGrant"
    assert create["Condition"]["StringEquals"] == {"kms:GranteePrincipal": SLR}
    assert revoke["Action"] == ["kms:ListGrants", "kms:RevokeGrant"]


def test_a_key_of_another_account_is_misplaced():
    stranger = image_key(account="933333333333")

    said = misplaced_key(managing(image_keys=(KEY, stranger)))

    assert "belongs to account 933333333333" in said


def test_a_key_of_an_unknown_region_is_misplaced():
    said = misplaced_key(managing(image_keys=(image_key("us-east-9"),)))

    assert "Did you mean us-east" in said


def test_a_key_at_home_is_not_misplaced():
    assert misplaced_key(managing(image_keys=(KEY,))) == ""
