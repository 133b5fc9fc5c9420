"""What apply does when AWS refuses: wait, give up, and say what is missing."""

from __future__ import annotations

import pytest

from onboarding.aws.apply import apply
from onboarding.aws.errors import AwsError
from onboarding.resources.plan import Create
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
    assert said[0] == "Waiting for AWS: it is not ready to create role Made."
    assert field.left(field.reach, (role,)) == ()


def test_it_gives_up_after_a_minute(field: Field) -> None:
    sessions, time = field.sessions(), FakeClock()
    iam = sessions.client(field.reach, "iam")
    failing(iam, "CreateRole", "MalformedPolicyDocument", "Invalid principal", times=99)

    with pytest.raises(AwsError, match="Invalid principal"):
        apply(sessions, field.reach, Create(everything(field)[1]), clock=time.clock)

    assert time.seconds == pytest.approx(60)


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
