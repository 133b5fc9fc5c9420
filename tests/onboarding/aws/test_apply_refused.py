"""What apply does when AWS refuses: wait, give up, and say what is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from onboarding.aws.apply import apply
from onboarding.aws.errors import AwsError
from onboarding.resources.kinds import InstanceProfile, ManagedPolicy
from onboarding.resources.plan import Create, Update
from onboarding.resources.policy import Policy
from tests.onboarding.aws.field import FakeClock, Field, failing
from tests.onboarding.aws.wanted import everything, reading


def test_it_waits_while_a_new_principal_is_not_known_yet(field: Field) -> None:
    sessions, time = field.sessions(), FakeClock()
    said: list[str] = []
    iam = sessions.client(field.reach, "iam")
    failing(iam, "CreateRole", "MalformedPolicyDocument", "Invalid principal", times=2)
    role = everything(field)[1]

    apply(sessions, field.reach, Create(role), waiting=said.append, clock=time.clock)

    assert len(time.slept) == 2
    assert said[-1] == ""
    assert said[0] == "Waiting for AWS: it isn't ready to create role Made."
    assert field.left(field.reach, (role,)) == ()


def test_it_gives_up_after_two_minutes(field: Field) -> None:
    sessions, time = field.sessions(), FakeClock()
    iam = sessions.client(field.reach, "iam")
    failing(iam, "CreateRole", "MalformedPolicyDocument", "Invalid principal", times=99)

    with pytest.raises(AwsError, match="Invalid principal"):
        apply(sessions, field.reach, Create(everything(field)[1]), clock=time.clock)

    assert time.seconds == pytest.approx(120)


def test_a_right_that_is_missing_names_account_role_and_operation(field: Field) -> None:
    field.iam.put_role_policy(
        RoleName="Access",
        PolicyName="Limit",
        PolicyDocument=reading("iam:PutRolePolicy").text.replace("Allow", "Deny"),
    )
    role, inline = everything(field)[1], everything(field)[5]
    field.bring_about(field.reach, (role,))

    with pytest.raises(AwsError) as caught:
        apply(field.sessions(), field.reach, Create(inline), backoff_seconds=0)

    assert f"in account {field.managed_id}" in caught.value.message
    assert caught.value.hint.startswith(
        f"Allow iam:PutRolePolicy to the role Access in account {field.managed_id}"
    )


def test_a_profile_that_is_full_of_its_own_role_is_done(field: Field) -> None:
    """AWS answers so where an earlier answer to the same call was lost."""
    profile = profile_of_role(field)
    wanted = InstanceProfile(account=field.managed_id, name="Made", role="Made")
    sessions = field.sessions()
    iam = sessions.client(field.reach, "iam")
    failing(iam, "AddRoleToInstanceProfile", "LimitExceeded", "Full", times=1)

    apply(sessions, field.reach, Update(profile, wanted), backoff_seconds=0)

    assert field.left(field.reach, (wanted,)) == ()


def profile_of_role(field: Field) -> InstanceProfile:
    """Make a profile that holds its role, and give it as it was before."""
    role = everything(field)[1]
    field.bring_about(field.reach, (role,))
    tags = [{"Key": "managed-by", "Value": "bowline"}]
    field.iam.create_instance_profile(InstanceProfileName="Made", Tags=tags)
    field.iam.add_role_to_instance_profile(InstanceProfileName="Made", RoleName="Made")
    return InstanceProfile(account=field.managed_id, name="Made", role="")


def test_a_profile_that_is_full_of_another_role_is_refused(field: Field) -> None:
    profile = profile_of_role(field)
    wanted = InstanceProfile(account=field.managed_id, name="Made", role="Other")
    sessions = field.sessions()
    iam = sessions.client(field.reach, "iam")
    failing(iam, "AddRoleToInstanceProfile", "LimitExceeded", "Full", times=99)

    with pytest.raises(AwsError, match="Full") as caught:
        apply(sessions, field.reach, Update(profile, wanted), backoff_seconds=0)

    assert not caught.value.retryable


@pytest.mark.parametrize("operation", ["AddRoleToInstanceProfile", "AttachRolePolicy"])
def test_only_what_passes_is_repeated(field: Field, operation: str) -> None:
    """A profile that is full and shows nobody is asked again; a full role is not."""
    role, attached = everything(field)[1], everything(field)[4]
    profile = InstanceProfile(account=field.managed_id, name="Made", role="Made")
    field.bring_about(field.reach, (role,))
    field.iam.create_instance_profile(InstanceProfileName="Made")
    sessions, time = field.sessions(), FakeClock()
    iam = sessions.client(field.reach, "iam")
    failing(iam, operation, "LimitExceeded", "Full", times=2)
    into_profile = operation.startswith("Add")
    change = (
        Update(replace(profile, role=""), profile) if into_profile else Create(attached)
    )

    if into_profile:
        apply(sessions, field.reach, change, clock=time.clock)
    else:
        with pytest.raises(AwsError, match="Full"):
            apply(sessions, field.reach, change, clock=time.clock)

    assert len(time.slept) == (2 if into_profile else 0)


def test_a_policy_with_too_many_versions_is_pruned_again(field: Field) -> None:
    """AWS made a version whose answer was lost, and says that there are too many."""
    sessions, time = field.sessions(), FakeClock()
    first = ManagedPolicy(
        account=field.managed_id, name="P", path="/bowline/managed/", document=ANY
    )
    field.bring_about(field.reach, (first,))
    second = replace(first, document=reading("iam:GetRole"))
    iam = sessions.client(field.reach, "iam")
    failing(iam, "CreatePolicyVersion", "LimitExceeded", "Five", times=1)

    apply(sessions, field.reach, Update(first, second), clock=time.clock)

    assert field.left(field.reach, (second,)) == ()


ANY = Policy.allowing({"Action": "ec2:DescribeVpcs", "Resource": "*"})


def test_what_exists_and_does_not_show_is_asked_again(field: Field) -> None:
    sessions, time = field.sessions(), FakeClock()
    role = everything(field)[1]
    field.bring_about(field.reach, (role,))
    iam = sessions.client(field.reach, "iam")
    failing(iam, "GetRole", "NoSuchEntity", "Not yet", times=2)

    apply(sessions, field.reach, Create(role), clock=time.clock)

    assert len(time.slept) == 2


def test_what_never_shows_is_not_called_somebody_elses(field: Field) -> None:
    sessions, time = field.sessions(), FakeClock()
    role = everything(field)[1]
    field.bring_about(field.reach, (role,))
    iam = sessions.client(field.reach, "iam")
    failing(iam, "GetRole", "NoSuchEntity", "Not yet", times=99)

    with pytest.raises(AwsError) as caught:
        apply(sessions, field.reach, Create(role), clock=time.clock)

    assert "Plan again in a few minutes" in caught.value.hint
