"""What others gave to roles that Bowline vouches for is found, with what it does."""

from __future__ import annotations

import json

from onboarding.aws.apply import apply
from onboarding.aws.observe import observe
from onboarding.aws.roles.foreign import foreign
from onboarding.desired.managed import managed_side
from onboarding.resources.foreign import UNREAD, Foreign, with_removals
from onboarding.resources.kinds import MANAGING_PATH, Attachment, Resource
from onboarding.resources.plan import Delete, diff
from tests.onboarding.aws.field import ACCESS_ROLE, ADMINISTRATOR, Field

EVERYTHING_IN_IAM = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "*"},
    }
)


def wanted(field: Field) -> tuple[Resource, ...]:
    return tuple(managed_side(field.managing(), field.managed()))


def found(field: Field) -> tuple[Foreign, ...]:
    sessions, resources = field.sessions(), wanted(field)
    observed = observe(sessions, field.reach, resources)
    return foreign(sessions, field.reach, resources, observed)


def attach(field: Field, role: str, policy_arn: str = ADMINISTRATOR) -> None:
    field.iam.attach_role_policy(RoleName=role, PolicyArn=policy_arn)


def test_nothing_of_bowlines_own_is_foreign(field: Field) -> None:
    field.bring_about(field.reach, wanted(field))

    assert found(field) == ()


def test_bowlines_policies_of_the_other_side_are_not_foreign(
    field: Field,
) -> None:
    """Where the managing account is managed, too: they carry no mark on attachments."""
    arn = f"arn:aws:iam::{field.managed_id}:policy{MANAGING_PATH}BowlineAssume"
    account = field.managed_id
    theirs = Attachment(account=account, holder="R", policy_arn=arn, owned=False)

    assert foreign(field.sessions(), field.reach, (), (theirs,)) == ()


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
        "theirs is in role BaseIAMRole. Allows actions by a pattern: iam:*."
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
        ("Allows s3:GetObject.",),
        ("Allows actions by a pattern: iam:*.",),
    )


def test_of_another_one_with_bowlines_name_it_is_found_as_well(field: Field) -> None:
    field.bring_about(field.reach, wanted(field))
    twin = field.iam.create_policy(
        PolicyName="BowlineCachingRead", PolicyDocument=EVERYTHING_IN_IAM
    )["Policy"]["Arn"]
    attach(field, "spinnakerManaged", twin)

    (one,) = found(field)

    assert one.resource.policy_arn == twin


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
    field.iam.put_role_policy(
        RoleName=ACCESS_ROLE,
        PolicyName="no-explanations",
        PolicyDocument=EVERYTHING_IN_IAM.replace("Allow", "Deny").replace(
            "iam:*", "iam:GetPolicy"
        ),
    )

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
