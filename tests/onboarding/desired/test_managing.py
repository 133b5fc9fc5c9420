from __future__ import annotations

import pytest

from onboarding.desired.capacity import fitting, most_listed
from onboarding.resources.kinds import (
    Attachment,
    InstanceProfile,
    ManagedPolicy,
    OidcProvider,
    Role,
)
from onboarding.resources.policy import as_list
from onboarding.topology import ExistingIdentity, PodRole
from tests.factories import managed, managing, provider, side_of, topology

POD = PodRole(
    name="spinnaker",
    cluster="tools",
    region="us-east-1",
    namespace="spin",
    service_account="clouddriver",
    issuer="oidc.eks.us-east-1.amazonaws.com/id/ABC",
)


def made(kind, *accounts, **fields):
    side = side_of(topology(*accounts, **fields))
    return {r.name: r for r in side if isinstance(r, kind)}


def accounts(count):
    return [
        managed(provider("ec2"), name=f"a{n}", account_id=f"{n:012}")
        for n in range(count)
    ]


def assumed(policies):
    statements = [
        statement
        for name, policy in policies.items()
        if name.startswith("BowlineAssumeManaged")
        for statement in policy.document.document["Statement"]
    ]
    return [role for s in statements for role in as_list(s["Resource"])]


def test_an_instance_role_is_trusted_to_ec2_and_has_a_profile_of_its_name():
    role = made(Role)["SpinnakerAuthRole"]

    (statement,) = role.trust.document["Statement"]
    assert statement["Principal"] == {"Service": "ec2.amazonaws.com"}
    assert made(InstanceProfile)["SpinnakerAuthRole"].role == "SpinnakerAuthRole"


def test_an_instance_role_in_china_is_trusted_to_chinas_ec2():
    role = made(Role, partition="aws-cn")["SpinnakerAuthRole"]

    (statement,) = role.trust.document["Statement"]
    assert statement["Principal"] == {"Service": "ec2.amazonaws.com.cn"}


def test_the_identity_trusts_bowline_where_it_is_told_to():
    bowline = "arn:aws:iam::911111111111:role/Bowline"

    role = made(Role, bowline=bowline)["SpinnakerAuthRole"]

    principals = [s["Principal"] for s in role.trust.document["Statement"]]
    assert {"AWS": bowline} in principals
    assert "prove" in role.reason


def test_a_pod_role_is_trusted_to_one_service_account_only():
    role = made(Role, identity=POD)["spinnaker"]

    (statement,) = role.trust.document["Statement"]
    issuer = POD.issuer
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Principal"]["Federated"].endswith(f"oidc-provider/{issuer}")
    assert statement["Condition"]["StringEquals"] == {
        f"{issuer}:aud": "sts.amazonaws.com",
        f"{issuer}:sub": "system:serviceaccount:spin:clouddriver",
    }


def test_a_pod_roles_cluster_is_made_an_identity_provider():
    assert list(made(OidcProvider, identity=POD)) == [POD.issuer]


def test_an_existing_identity_is_not_made_but_gets_its_policies():
    role = ExistingIdentity("arn:aws:iam::911111111111:role/teams/spinnaker")

    assert made(Role, identity=role) == {}
    assert list(made(Attachment, identity=role)) == ["spinnaker/BowlineRegionLookup"]


@pytest.mark.parametrize(("kind", "to_user"), [("role", False), ("user", True)])
def test_policies_are_attached_to_users_as_to_roles(kind, to_user):
    identity = ExistingIdentity(f"arn:aws:iam::911111111111:{kind}/spinnaker")

    (attachment,) = made(Attachment, identity=identity).values()

    assert attachment.to_user is to_user


def test_the_identity_may_assume_each_listed_role_and_no_other():
    policies = made(ManagedPolicy, *accounts(2))

    assert assumed(policies) == [
        "arn:aws:iam::000000000000:role/spinnakerManaged",
        "arn:aws:iam::000000000001:role/spinnakerManaged",
    ]


def test_an_account_of_clusters_only_is_not_assumed():
    assert assumed(made(ManagedPolicy, managed(provider("eks")))) == []


def test_no_assume_policy_is_made_while_there_is_nobody_to_assume():
    assert list(made(ManagedPolicy)) == ["BowlineRegionLookup"]


def test_an_organizations_accounts_are_assumed_by_one_line():
    policies = made(ManagedPolicy, *accounts(2), organization="o-a1b2c3d4e5")

    (statement,) = policies["BowlineAssumeManaged"].document.document["Statement"]
    assert statement["Resource"] == "arn:aws:iam::*:role/spinnakerManaged"
    assert statement["Condition"] == {
        "StringEquals": {"aws:ResourceOrgID": "o-a1b2c3d4e5"}
    }


def test_clouddriver_may_look_up_regions_and_zones():
    lookup = made(ManagedPolicy)["BowlineRegionLookup"]

    (statement,) = lookup.document.document["Statement"]
    assert statement["Action"] == [
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeRegions",
    ]


def test_only_an_identity_that_bakes_may_build_images():
    assert "BowlineBake" not in made(ManagedPolicy)
    assert "BowlineBake" in made(ManagedPolicy, bakes=True)


def test_packer_deletes_its_own_key_pairs_only():
    bake = made(ManagedPolicy, bakes=True)["BowlineBake"]

    statements = {s["Sid"]: s for s in bake.document.document["Statement"]}
    key_pairs = statements["PackerKeyPair"]["Resource"]
    assert key_pairs == "arn:aws:ec2:*:911111111111:key-pair/packer_*"


def test_a_document_holds_as_many_roles_as_fit():
    size = fitting(managing(), (), 1)

    full = made(ManagedPolicy, *accounts(size))["BowlineAssumeManaged"].document.size

    one_more = len(',"arn:aws:iam::000000000000:role/spinnakerManaged"')
    assert 6144 - one_more < full <= 6144


def test_a_new_account_changes_the_last_document_only():
    size = fitting(managing(), (), 1)

    before = made(ManagedPolicy, *accounts(size))
    after = made(ManagedPolicy, *accounts(size + 1))

    assert before["BowlineAssumeManaged"] == after["BowlineAssumeManaged"]
    assert "BowlineAssumeManaged-2" in after.keys() - before.keys()


@pytest.mark.parametrize("bakes", [False, True])
def test_the_most_listed_accounts_need_all_the_policies_of_a_role(bakes):
    most = most_listed(managing(bakes=bakes))

    assert len(made(Attachment, *accounts(most), bakes=bakes)) == 10


def test_an_organization_may_have_any_number_of_accounts():
    most = most_listed(managing())

    policies = made(ManagedPolicy, *accounts(most + 1), organization="o-a1b2c3d4e5")

    assert len(policies) == 2


def test_the_identity_that_bowline_makes_has_the_boundary():
    cap = "arn:aws:iam::911111111111:policy/Cap"

    role = made(Role, boundary=cap)["SpinnakerAuthRole"]

    assert role.boundary == cap


def test_an_identity_that_bakes_shares_its_own_images_only():
    bake = made(ManagedPolicy, bakes=True)["BowlineBake"]

    statements = {s["Sid"]: s for s in bake.document.document["Statement"]}
    assert statements["ShareImages"]["Action"] == [
        "ec2:ModifyImageAttribute",
        "ec2:ModifySnapshotAttribute",
    ]
    assert statements["ShareImages"]["Condition"] == {
        "StringEquals": {"ec2:Owner": "911111111111"}
    }
