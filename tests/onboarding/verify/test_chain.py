"""Spinnaker's identity: become it where Bowline can, read of it where it cannot."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from itertools import islice

import pytest

from onboarding.aws.session import Backoff, Credentials, Sessions
from onboarding.checks import Call, Check, Outcome
from onboarding.desired.managed import checks
from onboarding.desired.managing import identity
from onboarding.providers import PROVIDERS
from onboarding.resources.kinds import Role
from onboarding.topology import ExistingIdentity
from onboarding.verify import role_assumption as module
from onboarding.verify.chain import IDENTITIES, IDENTITY_LASTS, Chain, Identity
from onboarding.verify.role_assumption import (
    SESSION_POLICY_LIMIT,
    identity_session_policy,
    managed_session_policy,
)
from onboarding.verify.verification import verify, verify_managing
from tests import factories
from tests.factories import managed, managing, provider
from tests.onboarding.aws.field import Field, trusting
from tests.onboarding.verify.opened import BOWLINE, OWN, Opened
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


BECOMING = "Assume Spinnaker's identity"

SHARED = "less than a minute ago"

WORTHLESS = Credentials("ASIAWORTHLESSWORTH00", "secret", "token")


def test_the_next_one_assumes_its_own_role_only(made: Verified) -> None:
    alone = outcomes(made.results())
    sessions = made.field.sessions()
    sessions.credentials(made.field.reach)
    before = sessions.calls

    again = made.results(sessions=sessions, shares_identity=True)

    assert outcomes(again) == alone
    (became,) = (result for result in again if result.name == BECOMING)
    assert SHARED in became.sentence
    # The role, two refusals, what it may do: neither the identity nor its regions.
    assert sessions.calls - before == len(again) - 4


def test_it_is_assumed_again_after_a_minute(
    made: Verified, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.results()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + IDENTITY_LASTS)

    became = made.found(BECOMING, shares_identity=True)

    assert SHARED not in became.sentence
    assert len(IDENTITIES) == 1


def test_it_is_assumed_again_by_who_looks_after_the_managing_account(
    made: Verified,
) -> None:
    made.results()

    found = [
        *made.results(),
        *verify_managing(Sessions("test"), made.managing, made.field.own),
    ]

    assert not [result for result in found if SHARED in result.sentence]


def test_an_identity_that_was_made_again_is_assumed_again(made: Verified) -> None:
    made.results()
    for key, known in IDENTITIES.items():
        IDENTITIES[key] = Identity(known.until, WORTHLESS, known.looked_up)

    results = made.results(shares_identity=True)

    chain = [result for result in results if result.provider == "chain"]
    assert {result.outcome for result in chain} == {Outcome.PASSED}
    assert not [result for result in chain if SHARED in result.sentence]


def test_a_refusal_of_the_account_is_found_with_a_shared_identity_too(
    made: Verified,
) -> None:
    made.results()
    managed = replace(made.managed, external_id="another")
    other = Verified(made.field, made.managing, managed)

    found = other.found("Assume the managed role", shares_identity=True)

    assert found.outcome == Outcome.FAILED


MANAGING = factories.managing(bowline=BOWLINE)


@pytest.mark.parametrize(("left", "assumed"), [(30.0, 0), (-1.0, 1)])
def test_it_is_shared_until_its_minute_is_over(left: float, assumed: int) -> None:
    sessions = Opened(lambda *_: True)
    known = Identity(time.monotonic() + left, WORTHLESS)
    IDENTITIES[OWN, MANAGING.identity_arn, ""] = known
    chain = Chain(sessions, MANAGING, MANAGING.reach, Backoff(0), shares=True)

    chain.become_identity()

    assert len(sessions.assumed) == assumed


def test_what_a_worthless_identity_was_refused_is_tried_with_a_new_one() -> None:
    tried: list[Credentials | None] = []

    def opens(source: Credentials | None, _: str) -> bool:
        tried.append(source)
        return source != WORTHLESS

    sessions = Opened(opens)
    known = Identity(time.monotonic() + IDENTITY_LASTS, WORTHLESS)
    IDENTITIES[OWN, MANAGING.identity_arn, identity_session_policy(MANAGING, ())] = (
        known
    )
    managed = factories.managed(factories.provider("ec2"), regions=())

    results = verify(
        sessions,
        MANAGING,
        managed,
        managed.reach,
        identity_reach=MANAGING.reach,
        shares_identity=True,
        backoff_seconds=0,
    )

    assert outcomes([*islice(results, 4)]) == {
        "Bowline's own identity": "passed",
        BECOMING: "passed",
        "Assume the managed role": "passed",
        f"The role is in account {managed.account_id}": "passed",
    }
    assert tried[0] == WORTHLESS


def check(service: str, operation: str) -> Check:
    return Check("Look", Call(service, operation), "Allow it.")


def test_it_allows_the_calls_and_nothing_else() -> None:
    policy = managed_session_policy(
        [check("ec2", "describe_vpcs"), check("elbv2", "describe_rules")]
    )

    (statement,) = json.loads(policy)["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": ["ec2:DescribeVpcs", "elasticloadbalancing:DescribeRules"],
        "Resource": "*",
    }


def test_without_checks_there_is_no_policy() -> None:
    assert managed_session_policy([]) == ""


def test_it_widens_to_reading_where_it_grows_too_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "SESSION_POLICY_LIMIT", 10)

    policy = managed_session_policy([check("ec2", "describe_vpcs")])

    (statement,) = json.loads(policy)["Statement"]
    assert statement["Action"] == ["ec2:Describe*", "ec2:Get*", "ec2:List*"]


def test_every_provider_together_fits_exactly() -> None:
    account = managed(*(provider(key) for key in PROVIDERS), external_id="")
    read = [c for _, c in checks(managing(), account) if c.as_managed_role]

    policy = managed_session_policy(read)

    assert len(policy) <= SESSION_POLICY_LIMIT
    assert "*" not in json.loads(policy)["Statement"][0]["Action"]


def test_the_identity_may_take_the_next_step() -> None:
    policy = identity_session_policy(managing(), [check("ec2", "describe_regions")])

    statements = json.loads(policy)["Statement"]
    assert {"arn:aws:iam::*:role/spinnakerManaged", "*"} == {
        statement["Resource"] for statement in statements
    }
