"""Spinnaker's identity: become it where Bowline can, read of it where it cannot."""

from __future__ import annotations

from dataclasses import replace

from onboarding.checks import Outcome
from onboarding.desired.managing import identity
from onboarding.resources.kinds import Role
from onboarding.topology import ExistingIdentity
from tests.onboarding.aws.field import Field, trusting
from tests.onboarding.verify.verified import Verified, denying, outcomes


def test_an_identity_that_shuts_bowline_out_fails(made: Verified) -> None:
    made.field.root(made.field.managing_id).update_assume_role_policy(
        RoleName="SpinnakerAuthRole", PolicyDocument=trusting("933333333333")
    )

    result = made.found("Assume Spinnaker's identity")

    assert result.outcome is Outcome.FAILED
    assert f"Allow sts:AssumeRole to {made.field.bowline}" in result.fix


def test_bowline_may_itself_be_the_identity(field: Field) -> None:
    identity = ExistingIdentity(field.bowline)
    managing = field.managing(identity=identity, bowline="")
    verified = Verified(field, managing, field.managed()).stand()

    assert set(outcomes(verified.results()).values()) == {"passed"}


def test_by_choice_the_chain_is_read_and_not_walked(field: Field) -> None:
    managing = field.managing(bowline="")
    verified = Verified(field, managing, field.managed()).stand()

    assert outcomes(verified.results()) == {
        "Bowline's own identity": "passed",
        "Assume Spinnaker's identity": "not testable",
        "Look up zones in us-east-1 as Spinnaker's identity": "evaluated",
        "Assume the managed role": "evaluated",
        "The external ID is required": "evaluated",
        "List zones": "evaluated",
    }


def test_a_user_is_evaluated(read: Verified) -> None:
    found = outcomes(read.results())

    assert found["Assume Spinnaker's identity"] == "not testable"
    assert found["Assume the managed role"] == "evaluated"


def test_an_identity_that_does_not_exist_fails(read: Verified) -> None:
    identity = ExistingIdentity(f"arn:aws:iam::{read.field.managing_id}:user/nobody")
    gone = Verified(read.field, replace(read.managing, identity=identity), read.managed)

    result = gone.found("Assume Spinnaker's identity")

    assert result.outcome is Outcome.FAILED
    assert "There is no user nobody" in result.sentence


def test_an_identity_that_may_not_be_read_is_not_proved(read: Verified) -> None:
    read.field.root(read.field.managing_id).put_user_policy(
        UserName="bowline", PolicyName="Blind", PolicyDocument=denying("iam:Get*")
    )

    result = read.found("Assume Spinnaker's identity")

    assert result.outcome is Outcome.NOT_TESTABLE
    assert "AWS refused iam:GetUser" in result.sentence


def of_theirs(field: Field, *, trusts: str) -> Verified:
    """Let Spinnaker run as a role that was there before Bowline."""
    field.root(field.managing_id).create_role(
        RoleName="theirs", AssumeRolePolicyDocument=trusting(trusts)
    )
    identity = ExistingIdentity(f"arn:aws:iam::{field.managing_id}:role/theirs")
    managing = field.managing(identity=identity, bowline="")
    return Verified(field, managing, field.managed()).stand()


def test_an_existing_role_that_refuses_bowline_is_evaluated(field: Field) -> None:
    waited: list[str] = []

    results = of_theirs(field, trusts="933333333333").results(
        backoff_seconds=60, waiting=waited.append
    )

    found = outcomes(results)
    assert found["Assume Spinnaker's identity"] == "not testable"
    assert found["Assume the managed role"] == "evaluated"
    assert waited == []
    (fix,) = (one.fix for one in results if one.name == "Assume Spinnaker's identity")
    assert f"allows sts:AssumeRole to {field.bowline}" in fix


def test_an_existing_role_that_trusts_bowline_is_assumed(field: Field) -> None:
    verified = of_theirs(field, trusts=field.bowline)

    assert set(outcomes(verified.results()).values()) == {"passed"}


def test_a_managing_identity_that_is_gone_is_located(field: Field) -> None:
    managing = field.managing()
    verified = Verified(field, managing, field.managed())

    result = verified.found("Assume Spinnaker's identity")

    assert result.located == "not there"
    assert "iam create-role --role-name SpinnakerAuthRole" in result.change


def test_a_managing_identity_of_a_moment_ago_may_only_not_show_yet(
    field: Field,
) -> None:
    managing, sessions = field.managing(), field.sessions()
    role = next(one for one in identity(managing) if isinstance(one, Role))
    sessions.handed_on.write(role.key)
    verified = Verified(field, managing, field.managed())

    result = verified.found("Assume Spinnaker's identity", sessions=sessions)

    assert "AWS might not show it as it is yet. There is no role" in result.sentence
    assert result.change == ""
