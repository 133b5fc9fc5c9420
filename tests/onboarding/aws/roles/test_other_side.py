"""What the other side of the same AWS account wants on a role that both have is not
foreign, and nothing else is excused by it.
"""

from __future__ import annotations

from onboarding.aws.roles.foreign import is_wanted
from onboarding.desired.managing import managing_side
from onboarding.providers.ecs import ECS_ROLES_PATH
from onboarding.resources.foreign import UNREAD, Foreign
from onboarding.resources.kinds import (
    MANAGING_PATH,
    Attachment,
    ManagedPolicy,
    Resource,
)
from onboarding.topology import ExistingIdentity
from tests.onboarding.aws.field import Field
from tests.onboarding.aws.roles.test_foreign import (
    EVERYTHING_IN_IAM,
    attach,
    deny,
    found,
    with_ecs,
)
from tests.onboarding.aws.wanted import reading


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
