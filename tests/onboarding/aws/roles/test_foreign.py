"""What others gave to roles that Bowline vouches for is found, with what it does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from onboarding.aws.apply import apply
from onboarding.aws.observe import observe
from onboarding.aws.roles.foreign import foreign, is_wanted
from onboarding.desired.managed import managed_side
from onboarding.desired.managing import managing_side
from onboarding.providers.ecs import ECS_ROLES_PATH, EXECUTION_POLICY, Ecs
from onboarding.resources.foreign import UNREAD, Foreign, with_removals
from onboarding.resources.kinds import (
    MANAGED_PATH,
    MANAGING_PATH,
    Attachment,
    ManagedPolicy,
    Resource,
    ServiceLinkedRole,
)
from onboarding.resources.plan import Delete, diff
from onboarding.topology import ExistingIdentity, Managing
from tests.onboarding.aws.field import ACCESS_ROLE, ADMINISTRATOR, Field
from tests.onboarding.aws.wanted import reading

EVERYTHING_IN_IAM = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "*"},
    }
)


def wanted(field: Field) -> tuple[Resource, ...]:
    return tuple(managed_side(field.managing(), field.managed()))


def with_ecs(field: Field, managing: Managing | None = None) -> tuple[Resource, ...]:
    """Want the execution role, too. AWS makes its own roles, which the emulated one
    calls all alike.
    """
    managed = field.managed(Ecs(), external_id="")
    resources = managed_side(managing or field.managing(), managed)
    return tuple(one for one in resources if not isinstance(one, ServiceLinkedRole))


def found(
    field: Field,
    wants: tuple[Resource, ...] = (),
    other_side: tuple[Resource, ...] = (),
) -> tuple[Foreign, ...]:
    sessions, resources = field.sessions(), wants or wanted(field)
    observed = observe(sessions, field.reach, resources)
    return foreign(sessions, field.reach, resources, observed, other_side)


def attach(field: Field, role: str, policy_arn: str = ADMINISTRATOR) -> None:
    field.iam.attach_role_policy(RoleName=role, PolicyArn=policy_arn)


def deny(field: Field, action: str) -> None:
    """Deny it to Bowline."""
    denied = EVERYTHING_IN_IAM.replace("Allow", "Deny").replace("iam:*", action)
    field.iam.put_role_policy(
        RoleName=ACCESS_ROLE, PolicyName="no-explanations", PolicyDocument=denied
    )


def test_nothing_of_bowlines_own_is_foreign(field: Field) -> None:
    field.bring_about(field.reach, wanted(field))

    assert found(field) == ()


def made_under(field: Field, path: str, name: str = "Extra", **fields: Any) -> str:
    """Make a policy that allows everything, as somebody does; return its ARN."""
    made = field.root(fields.get("account", field.managed_id)).create_policy(
        PolicyName=name,
        Path=path,
        PolicyDocument=EVERYTHING_IN_IAM.replace("iam:*", "*"),
    )
    arn: str = made["Policy"]["Arn"]
    return arn


@pytest.mark.smoke
def test_a_policy_under_the_path_of_the_other_side_is_found_on_every_role(
    field: Field,
) -> None:
    resources = with_ecs(field)
    field.bring_about(field.reach, resources)
    arn = made_under(field, MANAGING_PATH)
    roles = ["BaseIAMRole", "ecsTaskExecutionRole", "spinnakerManaged"]
    for role in roles:
        attach(field, role, arn)

    others = found(field, resources)

    assert [one.sentence for one in others] == [
        f"Extra is attached to role {role}. Allows every action on every resource."
        for role in roles
    ]
    assert all(one.removable for one in others)


def test_so_it_is_on_spinnakers_identity(field: Field) -> None:
    resources = tuple(managing_side(field.managing(), ()))
    field.bring_about(field.own, resources)
    arn = made_under(field, MANAGED_PATH, account=field.managing_id)
    iam = field.root(field.managing_id)
    iam.attach_role_policy(RoleName="SpinnakerAuthRole", PolicyArn=arn)
    sessions = field.sessions()
    observed = observe(sessions, field.own, resources)

    (one,) = foreign(sessions, field.own, resources, observed)

    assert one.resource.name == "SpinnakerAuthRole/Extra"
    assert one.removable


def test_its_removal_detaches_it_and_leaves_the_policy(field: Field) -> None:
    field.bring_about(field.reach, wanted(field))
    arn = made_under(field, MANAGING_PATH)
    attach(field, "spinnakerManaged", arn)

    (change,) = with_removals((), found(field))
    apply(field.sessions(), field.reach, change, backoff_seconds=0)

    assert found(field) == ()
    assert field.iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 0


def test_what_is_attached_says_what_it_lets_the_role_do(field: Field) -> None:
    field.bring_about(field.reach, wanted(field))
    attach(field, "spinnakerManaged")

    (one,) = found(field)

    assert one.resource.name == "spinnakerManaged/AdministratorAccess"
    assert one.sentence == (
        "AdministratorAccess is attached to role spinnakerManaged. "
        "Allows every action on every resource."
    )
    assert one.removable


def test_so_does_what_is_inside_any_role_that_instances_have(field: Field) -> None:
    field.bring_about(field.reach, wanted(field))
    field.iam.put_role_policy(
        RoleName="BaseIAMRole", PolicyName="theirs", PolicyDocument=EVERYTHING_IN_IAM
    )

    (one,) = found(field)

    assert one.sentence == (
        "theirs is in role BaseIAMRole. Passes roles * to any service. "
        "Allows actions by a pattern: iam:*."
    )


def test_a_policy_that_says_something_else_is_another_one(field: Field) -> None:
    field.bring_about(field.reach, wanted(field))
    policy = field.iam.create_policy(
        PolicyName="theirs",
        PolicyDocument=EVERYTHING_IN_IAM.replace("iam:*", "s3:GetObject"),
    )["Policy"]["Arn"]
    attach(field, "spinnakerManaged", policy)
    (before,) = found(field)

    field.iam.create_policy_version(
        PolicyArn=policy, PolicyDocument=EVERYTHING_IN_IAM, SetAsDefault=True
    )
    (after,) = found(field)

    assert before.resource == after.resource
    assert before.digest != after.digest
    assert (before.effects, after.effects) == (
        ("Reads objects of buckets: s3:GetObject.",),
        ("Passes roles * to any service.", "Allows actions by a pattern: iam:*."),
    )


def test_a_role_that_somebody_else_made_is_listed_and_not_changed(field: Field) -> None:
    field.bring_about(field.reach, wanted(field))
    field.iam.untag_role(RoleName="BaseIAMRole", TagKeys=["managed-by"])
    attach(field, "BaseIAMRole")

    (one,) = found(field)

    assert not one.removable
    assert with_removals((), [one]) == ()


def test_what_may_not_be_read_is_found_all_the_same(field: Field) -> None:
    field.bring_about(field.reach, wanted(field))
    attach(field, "spinnakerManaged")
    deny(field, "iam:GetPolicy")

    (one,) = found(field)

    assert one.effects == (UNREAD,)


def test_its_removal_is_a_deletion_that_comes_before_its_role(field: Field) -> None:
    field.bring_about(field.reach, wanted(field))
    attach(field, "spinnakerManaged")
    field.iam.put_role_policy(
        RoleName="BaseIAMRole", PolicyName="theirs", PolicyDocument=EVERYTHING_IN_IAM
    )
    sessions, resources = field.sessions(), wanted(field)
    observed = observe(sessions, field.reach, resources)
    others = foreign(sessions, field.reach, resources, observed)

    changes = with_removals(diff((), observed), others)
    for change in changes:
        apply(sessions, field.reach, change, backoff_seconds=0)

    assert observe(field.sessions(), field.reach, resources) == ()
    (removal,) = (one for one in changes if one.resource.name.endswith("Access"))
    assert isinstance(removal, Delete)
    assert "Allows every action on every resource." in removal.resource.reason


def both_sides(field: Field) -> tuple[tuple[Resource, ...], tuple[Resource, ...]]:
    """Make the execution role Spinnaker's identity as well, in one account; return what
    each side wants.
    """
    role = f"arn:aws:iam::{field.managed_id}:role{ECS_ROLES_PATH}ecsTaskExecutionRole"
    managing = field.managing(
        account_id=field.managed_id, identity=ExistingIdentity(role)
    )
    theirs = with_ecs(field, managing)
    ours = tuple(managing_side(managing, ["arn:aws:iam::333333333333:role/R"]))
    field.bring_about(field.reach, theirs)
    field.bring_about(field.reach, ours)
    return theirs, ours


def test_what_the_other_side_of_the_account_wants_is_not_foreign(field: Field) -> None:
    theirs, ours = both_sides(field)

    for wants, others in ((theirs, ours), (ours, theirs)):
        assert found(field, wants)
        assert found(field, wants, others) == ()


@pytest.mark.smoke
def test_what_it_wants_is_once_its_policy_allows_more(field: Field) -> None:
    """That side puts it right: detached, it would be missing there."""
    theirs, ours = both_sides(field)
    field.iam.create_policy_version(
        PolicyArn=f"arn:aws:iam::{field.managed_id}:policy{MANAGING_PATH}"
        "BowlineRegionLookup",
        PolicyDocument=EVERYTHING_IN_IAM,
        SetAsDefault=True,
    )

    (one,) = found(field, theirs, ours)

    assert one.sentence == (
        "BowlineRegionLookup is attached to role ecsTaskExecutionRole. "
        "Passes roles * to any service. Allows actions by a pattern: iam:*."
    )
    assert not one.removable


def test_what_it_wants_on_another_role_is(field: Field) -> None:
    theirs, ours = both_sides(field)
    arn = f"arn:aws:iam::{field.managed_id}:policy{MANAGING_PATH}BowlineRegionLookup"
    attach(field, "BaseIAMRole", arn)

    (one,) = found(field, theirs, ours)

    assert (one.resource.name, one.removable) == (
        "BaseIAMRole/BowlineRegionLookup",
        True,
    )


def test_what_it_wants_is_while_its_policy_may_not_be_read(field: Field) -> None:
    theirs, ours = both_sides(field)
    deny(field, "iam:GetPolicy")

    others = found(field, theirs, ours)

    assert {one.effects for one in others} == {(UNREAD,)}
    assert {one.policy for one in others} == {
        "BowlineAssumeManaged",
        "BowlineRegionLookup",
    }


def test_what_was_not_read_is_not_taken_for_what_is_wanted() -> None:
    policy = ManagedPolicy(
        account="1" * 12,
        name="BowlineBake",
        path=MANAGING_PATH,
        document=reading("ec2:DescribeImages"),
    )
    attached = Attachment(
        account="1" * 12,
        holder="Shared",
        policy_arn=f"arn:aws:iam::{'1' * 12}:policy{MANAGING_PATH}BowlineBake",
    )

    said = [
        is_wanted(Foreign(attached, document), (policy, attached))
        for document in (policy.document, None)
    ]

    assert said == [True, False]


@pytest.mark.smoke
def test_a_policy_of_the_same_path_with_the_name_of_a_wanted_one_is_found(
    field: Field,
) -> None:
    """AWS's own policies and an account's may share a name, and with it a key."""
    resources = with_ecs(field)
    field.bring_about(field.reach, resources)
    twin = made_under(field, MANAGED_PATH, EXECUTION_POLICY)
    attach(field, "ecsTaskExecutionRole", twin)

    (one,) = found(field, resources)

    assert one.resource.policy_arn == twin
    assert one.removable


def test_of_another_one_with_bowlines_name_it_is_found_as_well(field: Field) -> None:
    field.bring_about(field.reach, wanted(field))
    twin = made_under(field, "/", "BowlineCachingRead")
    attach(field, "spinnakerManaged", twin)

    (one,) = found(field)

    assert one.resource.policy_arn == twin
