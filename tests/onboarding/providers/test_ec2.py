from __future__ import annotations

import jmespath
import pytest

from onboarding.checks import Call, Outcome
from onboarding.desired.managed import grants
from onboarding.details import DetailsError
from onboarding.providers.ec2 import Ec2
from onboarding.resources.kinds import ServiceLinkedRole
from onboarding.verify.verification import Read
from tests.factories import MANAGED_ID, MANAGING_ID, managed, managing


def granted(ec2, managing_account=None, **fields):
    staging = managed(ec2, **fields)
    return {
        action: grant
        for grant in grants(managing_account or managing(), staging)["EC2"]
        for action in grant.actions
    }


def linked(ec2):
    return [r.name for r in ec2.resources(managing(), managed(ec2))]


def test_launch_templates_need_what_auto_scaling_asks_of_its_caller():
    actions = granted(Ec2())

    assert {"ec2:CreateLaunchTemplate", "ec2:RunInstances"} <= actions.keys()
    assert "autoscaling:CreateLaunchConfiguration" not in actions


def test_launch_configurations_take_the_place_of_templates():
    actions = granted(Ec2(launch_templates=False))

    assert "autoscaling:CreateLaunchConfiguration" in actions
    assert "autoscaling:DeleteLaunchConfiguration" in actions
    assert not {"ec2:CreateLaunchTemplate", "ec2:RunInstances"} & actions.keys()


def test_launch_configurations_may_stand_beside_templates():
    actions = granted(Ec2(launch_configurations=True))

    assert "autoscaling:DeleteLaunchConfiguration" in actions
    assert "ec2:CreateLaunchTemplate" in actions


def test_stacks_are_neither_read_nor_deployed_unless_asked_for():
    actions = granted(Ec2())

    assert not [a for a in actions if a.startswith("cloudformation:")]


def test_stacks_are_read_where_nothing_is_deployed():
    actions = granted(Ec2(access="read", stack_roles_path="/stacks/"))

    assert "cloudformation:ListStacks" in actions
    assert "cloudformation:CreateStack" not in actions


def test_stacks_are_looked_for_in_every_region():
    checks = Ec2(stack_roles_path="/stacks/").checks(managing(), managed())

    assert [c.name for c in checks if "stacks" in c.name] == [
        "List stacks in us-east-1",
        "List stacks in us-west-2",
    ]


def test_an_account_may_share_its_images_though_it_bakes_none():
    assert "ec2:ModifyImageAttribute" in granted(Ec2(owns_images=True))


def test_instances_are_registered_even_where_load_balancers_are_not_managed():
    actions = granted(Ec2(load_balancers=False))

    assert "elasticloadbalancing:RegisterTargets" in actions
    assert "elasticloadbalancing:CreateLoadBalancer" not in actions
    assert "ec2:CreateSecurityGroup" not in actions


def test_roles_are_handed_to_instances_under_the_path_and_the_base_role():
    grant = granted(Ec2(roles_path="/apps/"))["iam:PassRole"]

    assert grant.resources == (
        f"arn:aws:iam::{MANAGED_ID}:role/BaseIAMRole",
        f"arn:aws:iam::{MANAGED_ID}:role/apps/*",
    )


@pytest.mark.parametrize(
    ("fields", "account", "owns"),
    [
        ({"bakes": False}, MANAGING_ID, False),
        ({"bakes": True}, MANAGING_ID, True),
        ({"bakes": True}, MANAGED_ID, False),
        ({"bakes": True, "ami_owner": "staging"}, MANAGED_ID, True),
        ({"bakes": True, "ami_owner": "other"}, MANAGING_ID, False),
    ],
)
def test_images_are_shared_by_the_account_that_owns_them(fields, account, owns):
    actions = granted(Ec2(), managing(**fields), account_id=account)

    assert ("ec2:ModifyImageAttribute" in actions) is owns


def test_only_own_images_are_shared():
    grant = granted(
        Ec2(), managing(bakes=True, ami_owner="staging"), account_id=MANAGED_ID
    )["ec2:ModifyImageAttribute"]

    assert grant.condition == {"StringEquals": {"ec2:Owner": MANAGED_ID}}


def test_service_linked_roles_are_made_for_what_is_deployed():
    scaling, balancing = (
        "autoscaling.amazonaws.com",
        "elasticloadbalancing.amazonaws.com",
    )

    assert linked(Ec2()) == [scaling, balancing]
    assert linked(Ec2(load_balancers=False)) == [scaling]
    assert linked(Ec2(access="read")) == []


def test_resources_are_service_linked_roles_only():
    (one, _) = Ec2().resources(managing(), managed())

    assert isinstance(one, ServiceLinkedRole)


def test_the_key_pair_is_looked_for_by_spinnakers_default_name():
    check = named("key pair in us-west-2", Ec2())

    answer = {"KeyPairs": [{"KeyName": "staging-keypair"}]}
    assert check.call == Call("ec2", "describe_key_pairs", "us-west-2")
    assert jmespath.search(check.expects, answer) is True
    assert jmespath.search(check.expects, {"KeyPairs": []}) is False


@pytest.mark.parametrize(
    ("ec2", "key_pair", "deploys_in"),
    [
        (Ec2(key_pair="ops"), "ops", "us-east-1"),
        (Ec2(), "staging-keypair", ""),
    ],
)
def test_a_key_pair_that_was_named_is_needed_and_any_other_is_advice(
    ec2, key_pair, deploys_in
):
    check = named("key pair in us-east-1", ec2)

    assert check.deploys_in == deploys_in
    assert check.advice is not bool(deploys_in)
    assert f"no key pair “{key_pair}” in us-east-1" in check.missing


def test_a_region_needs_a_subnet_to_choose():
    assert named("subnet to deploy to in us-west-2", Ec2()).deploys_in == "us-west-2"


def test_who_only_reads_needs_neither_subnet_nor_key_pair():
    assert Ec2(access="read", key_pair="ops").checks(managing(), managed()) == ()


def test_a_new_private_key_is_for_its_owners_eyes_only():
    check = named("key pair in us-east-1", Ec2(key_pair="my ops/key"))

    assert check.change == (
        "(umask 077; aws ec2 create-key-pair --region us-east-1 "
        "--key-name 'my ops/key' --query KeyMaterial --output text "
        "> my_ops_key-us-east-1.pem)"
    )


def test_the_entry_says_key_pair_and_launch_templates():
    ec2 = Ec2(key_pair="ops", launch_templates=False, stack_roles_path="/stacks/")

    (entry,) = ec2.entries(managing(), managed(ec2))

    assert (entry.key_pair, entry.launch_templates) == ("ops", False)
    assert entry.cloudformation


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"access": "write"}, "access"),
        ({"key_pair": "$(id)"}, "key_pair"),
        ({"key_pair": "-f"}, "key_pair"),
        ({"roles_path": "/"}, "roles_path"),
        ({"roles_path": ""}, "roles_path"),
        ({"roles_path": "/*/"}, "roles_path"),
        ({"stack_roles_path": "/"}, "stack_roles_path"),
        ({"launch_templates": "yes"}, "launch_templates"),
    ],
)
def test_a_detail_that_cannot_be_right_is_refused_by_name(details, field):
    with pytest.raises(DetailsError) as error:
        Ec2.from_details(details)

    assert error.value.field == field


@pytest.mark.parametrize(
    ("roles", "met"),
    [
        ([], False),
        ([""], False),
        (["BaseIAMRole"], True),
        (["BaseIAMRoleToo"], False),
        (["ops/BaseIAMRole"], False),
        (["Administrator"], False),
        (["web"], True),  # it is listed
        (["spinnaker-ec2/web"], True),
        (["spinnaker-ecs/web"], False),
    ],
)
def test_the_instance_profile_must_hold_a_role_that_may_be_passed(roles, met):
    check = named("profile", Ec2(more_roles=("/web",)))
    arn = f"arn:aws:iam::{managed().account_id}:role/"
    roles = [{"Arn": f"{arn}{role}"} for role in roles]

    assert jmespath.search(check.expects, {"InstanceProfile": {"Roles": roles}}) is met
    assert not check.as_managed_role
    assert "create-instance-profile" in check.change


def test_an_empty_instance_profile_is_no_missing_permission():
    result = Read("ec2", named("profile", Ec2())).judged(
        {"InstanceProfile": {"Roles": []}}
    )

    assert result.outcome is Outcome.FAILED
    assert result.fix == "Run the command, then verify again."
    assert "put this one into it" in result.sentence


def test_a_profile_that_was_there_keeps_the_role_that_it_holds():
    (check,) = (
        one
        for one in Ec2().checks(managing(), managed(adopts=True))
        if "profile" in one.name
    )

    assert "under Other roles, and plan again" in check.missing
    assert "Remove" not in check.missing
    assert check.change == ""


def named(name, ec2):
    (check,) = (c for c in ec2.checks(managing(), managed()) if name in c.name)
    return check


def test_without_deployments_no_instance_profile_is_looked_for():
    checks = Ec2(access="read").checks(managing(), managed())

    assert not any("profile" in check.name for check in checks)
