"""Service-linked roles that exist already, or whose name another role has.

AWS names each after its service and answers InvalidInput, “… has been taken in this
account”. The emulator answers EntityAlreadyExists, and names a role by the first word
of the service: those of ecs.amazonaws.com and ecs.application-autoscaling.amazonaws.com
have one name there, so the second cannot be created. On AWS the names differ.
"""

from __future__ import annotations

import pytest

from onboarding.aws.apply import apply
from onboarding.aws.errors import AwsError
from onboarding.aws.observe import observe
from onboarding.resources.kinds import ServiceLinkedRole
from onboarding.resources.plan import Create, Delete
from tests.onboarding.aws.field import FakeClock, Field, failing, trusting

ECS = "ecs.amazonaws.com"
SCALING = "ecs.application-autoscaling.amazonaws.com"
NAME = "AWSServiceRoleForECS"
TAKEN = f"Service role name {NAME} has been taken in this account, please try a suffix."


def linked(field: Field, service: str = ECS) -> ServiceLinkedRole:
    return ServiceLinkedRole(account=field.managed_id, name=service)


def make(field: Field, path: str) -> None:
    trust = trusting(field.bowline)
    field.iam.create_role(Path=path, RoleName=NAME, AssumeRolePolicyDocument=trust)


def test_one_that_is_taken_at_its_services_path_is_made(field: Field) -> None:
    sessions, clock = field.sessions(), FakeClock()
    make(field, f"/aws-service-role/{ECS}/")
    iam = sessions.client(field.reach, "iam")
    failing(iam, "CreateServiceLinkedRole", "InvalidInput", TAKEN, times=1)

    apply(sessions, field.reach, Create(linked(field)), clock=clock.clock)

    assert clock.slept == []
    assert observe(sessions, field.reach, (linked(field),)) == (linked(field),)


def test_one_that_is_taken_and_not_shown_yet_is_asked_for_again(field: Field) -> None:
    sessions, clock = field.sessions(), FakeClock()
    make(field, f"/aws-service-role/{ECS}/")
    iam = sessions.client(field.reach, "iam")
    failing(iam, "CreateServiceLinkedRole", "InvalidInput", TAKEN, times=2)
    failing(iam, "GetRole", "NoSuchEntity", "no such role", times=1)

    apply(sessions, field.reach, Create(linked(field)), clock=clock.clock)

    assert len(clock.slept) == 1


def test_a_role_of_somebody_with_its_name_is_named(field: Field) -> None:
    sessions, clock = field.sessions(), FakeClock()
    make(field, "/")
    iam = sessions.client(field.reach, "iam")
    failing(iam, "CreateServiceLinkedRole", "InvalidInput", TAKEN, times=1)

    with pytest.raises(AwsError) as error:
        apply(sessions, field.reach, Create(linked(field)), clock=clock.clock)

    assert f"the role {NAME} exists at the path /, which isn't that" in str(error.value)
    assert clock.slept == []


def test_what_another_service_has_is_not_taken_for_ones_own(field: Field) -> None:
    """So it is on the emulator, which names the two alike."""
    field.bring_about(field.reach, (linked(field),))

    with pytest.raises(AwsError, match=f"at the path /aws-service-role/{ECS}/"):
        field.bring_about(field.reach, (linked(field, SCALING),))

    assert observe(field.sessions(), field.reach, (linked(field, SCALING),)) == ()


def test_they_are_never_deleted(field: Field) -> None:
    with pytest.raises(AssertionError, match="can't delete service-linked role"):
        apply(field.sessions(), field.reach, Delete(linked(field)))
