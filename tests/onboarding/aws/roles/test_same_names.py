"""Of two attached policies that share a name, the one that is not wanted is found."""

from __future__ import annotations

from onboarding.providers.ecs import EXECUTION_POLICY
from onboarding.resources.kinds import MANAGED_PATH
from tests.onboarding.aws.field import Field
from tests.onboarding.aws.roles.test_foreign import (
    attach,
    found,
    made_under,
    wanted,
    with_ecs,
)


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
