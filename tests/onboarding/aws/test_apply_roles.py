"""What is done to a role and to all that hangs on it, and never to another's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from onboarding.aws.apply import apply
from onboarding.aws.errors import AwsError
from onboarding.resources.kinds import InstanceProfile, Role
from onboarding.resources.plan import Create, NotOurs, Update, diff
from tests.onboarding.aws.field import Field, trusting
from tests.onboarding.aws.wanted import everything, reading


def test_a_role_of_somebody_else_is_refused(field: Field) -> None:
    field.iam.create_role(
        RoleName="Made", AssumeRolePolicyDocument=trusting("933333333333")
    )

    with pytest.raises(NotOurs, match="role Made"):
        field.bring_about(field.reach, everything(field)[1:2])


def test_of_an_adopted_role_only_bowlines_own_policies_are_changed(
    field: Field,
) -> None:
    wanted = everything(field)[1:6]
    field.iam.create_role(
        RoleName="Made", AssumeRolePolicyDocument=trusting("933333333333")
    )

    changes = diff(wanted, (), adopts=True)
    sessions = field.sessions()
    for change in changes:
        if not isinstance(change.resource, Role):
            apply(sessions, field.reach, change, backoff_seconds=0)

    trust = field.iam.get_role(RoleName="Made")["Role"]["AssumeRolePolicyDocument"]
    assert trust["Statement"][0]["Principal"] == {"AWS": "933333333333"}


def test_a_role_that_somebody_made_meanwhile_is_not_taken_over(field: Field) -> None:
    role = everything(field)[1]
    field.iam.create_role(
        RoleName="Made", AssumeRolePolicyDocument=trusting("933333333333")
    )

    with pytest.raises(AwsError) as caught:
        apply(field.sessions(), field.reach, Create(role), backoff_seconds=0)

    assert caught.value.code == "EntityAlreadyExists"
    assert "Keep existing roles" in caught.value.hint


def test_half_a_creation_is_finished_when_it_is_repeated(field: Field) -> None:
    role, profile = everything(field)[1:3]
    field.bring_about(field.reach, (role,))
    assert isinstance(profile, InstanceProfile)
    field.iam.create_instance_profile(
        InstanceProfileName="Made", Tags=[{"Key": "managed-by", "Value": "bowline"}]
    )

    apply(field.sessions(), field.reach, Create(profile), backoff_seconds=0)

    assert field.left(field.reach, (role, profile)) == ()


def test_a_profile_with_another_role_gets_the_wanted_one(field: Field) -> None:
    role, profile = everything(field)[1:3]
    other = replace(role, name="Other")
    field.bring_about(field.reach, (role, other, profile))

    changed = field.bring_about(field.reach, (replace(profile, role="Other"),))

    assert [change.verb for change in changed] == ["update"]


def test_a_boundary_is_set_changed_and_removed(field: Field) -> None:
    role = everything(field)[1]
    arns = [
        field.iam.create_policy(
            PolicyName=name, PolicyDocument=reading("ec2:DescribeVpcs").text
        )["Policy"]["Arn"]
        for name in ("One", "Two")
    ]

    for boundary in (arns[0], arns[1], ""):
        wanted = replace(role, boundary=boundary)
        field.bring_about(field.reach, (wanted,))

        assert field.left(field.reach, (wanted,)) == ()


def test_a_role_cannot_be_moved(field: Field) -> None:
    role = everything(field)[1]
    field.bring_about(field.reach, (role,))

    with pytest.raises(AwsError, match="AWS can't move a role"):
        field.bring_about(field.reach, (replace(role, path="/other/"),))


def test_an_attachment_of_the_same_name_is_exchanged(field: Field) -> None:
    role, _, policy, attachment = everything(field)[1:5]
    field.bring_about(field.reach, (role, policy, attachment))
    other = field.iam.create_policy(
        PolicyName="BowlineMade", PolicyDocument=reading("ec2:DescribeVpcs").text
    )["Policy"]["Arn"]

    apply(
        field.sessions(),
        field.reach,
        Update(attachment, replace(attachment, policy_arn=other)),
    )

    answer = field.iam.list_attached_role_policies(RoleName="Made")
    assert [p["PolicyArn"] for p in answer["AttachedPolicies"]] == [other]
