"""The step into the managed account: walked, or read from the policies of both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from onboarding.aws.client import AccountClient
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Backoff, Credentials, Sessions
from onboarding.checks import Outcome
from onboarding.desired.managed import managed_role
from onboarding.partitions import Arn
from onboarding.resources.kinds import MANAGED_PATH
from onboarding.resources.policy import Policy
from onboarding.verify.chain import Chain
from onboarding.verify.denial import Holder
from onboarding.verify.role_assumption import ManagedStep, to_managed
from tests import factories
from tests.factories import MANAGED_ID, MANAGING_ID, side_of
from tests.onboarding.aws.field import ACCESS_ROLE, FakeClock, Field, trusting
from tests.onboarding.verify.opened import BOWLINE, OWN, Opened
from tests.onboarding.verify.verified import Verified, blind, denying, outcomes, refused
from tests.strict_aws.calls import Calls


def test_without_an_external_id_none_is_tried(field: Field) -> None:
    open_account = field.managed(external_id="")
    verified = Verified(field, field.managing(), open_account).stand()

    names = outcomes(verified.results())

    assert not any("external ID" in name for name in names)
    assert set(names.values()) == {"passed"}


def test_a_wrong_trust_is_located(made: Verified) -> None:
    made.field.iam.update_assume_role_policy(
        RoleName="spinnakerManaged", PolicyDocument=trusting("933333333333")
    )

    result = made.found("Assume the managed role")

    assert result.outcome is Outcome.FAILED
    assert "The trust policy of role spinnakerManaged in account" in result.sentence
    assert f"Allow sts:AssumeRole to {made.managing.identity_arn}" in result.fix


def test_another_external_id_in_the_trust_is_located(made: Verified) -> None:
    other = managed_role(made.managing, replace(made.managed, external_id="other"))
    made.field.iam.update_assume_role_policy(
        RoleName="spinnakerManaged", PolicyDocument=other.trust.text
    )

    result = made.found("Assume the managed role")

    assert result.outcome is Outcome.FAILED
    assert result.sentence.endswith("is “other”, and “3f1c-9a” is sent.")
    assert result.located == "a condition"


def test_a_missing_role_is_located(field: Field) -> None:
    topology = field.topology()
    field.bring_about(field.own, tuple(side_of(topology)))
    verified = Verified(field, topology.managing, topology.managed[0])

    result = verified.found("Assume the managed role")

    assert result.outcome is Outcome.FAILED
    assert "There is no role spinnakerManaged in account" in result.sentence


def test_a_role_at_another_path_is_located(field: Field) -> None:
    topology = field.topology()
    field.bring_about(field.own, tuple(side_of(topology)))
    field.iam.create_role(
        RoleName="spinnakerManaged",
        Path="/old/",
        AssumeRolePolicyDocument=trusting("933333333333"),
    )
    verified = Verified(field, topology.managing, topology.managed[0])

    result = verified.found("Assume the managed role")

    assert "exists at another path" in result.sentence
    assert "delete that role" in result.fix


def test_an_adopted_role_at_another_path_is_not_to_be_deleted(field: Field) -> None:
    topology = field.topology()
    managed = replace(topology.managed[0], adopts=True)
    field.bring_about(field.own, tuple(side_of(topology)))
    trust = trusting("933333333333")
    field.iam.create_role(
        RoleName="spinnakerManaged", Path="/other/", AssumeRolePolicyDocument=trust
    )
    verified = Verified(field, topology.managing, managed)

    result = verified.found("Assume the managed role")

    assert "enter the path in the account's managed role, or choose" in result.fix
    assert "delete" not in result.fix


def test_a_managing_side_out_of_step_is_located(made: Verified) -> None:
    made.field.root(made.field.managing_id).detach_role_policy(
        RoleName="SpinnakerAuthRole",
        PolicyArn=f"arn:aws:iam::{made.field.managing_id}:policy/bowline/managing/"
        "BowlineAssumeManaged",
    )

    result = made.found("Assume the managed role")

    assert result.outcome is Outcome.FAILED
    assert "BowlineAssumeManaged allows sts:AssumeRole" in result.sentence
    assert "plan again" in result.fix


def test_a_refusal_that_neither_side_explains_says_where_to_look(
    made: Verified,
) -> None:
    made.field.iam.put_role_policy(
        RoleName=ACCESS_ROLE, PolicyName="Blind", PolicyDocument=denying("iam:*")
    )
    made.field.iam.update_assume_role_policy(
        RoleName="spinnakerManaged", PolicyDocument=trusting("933333333333")
    )

    result = made.found("Assume the managed role")

    assert result.outcome is Outcome.FAILED
    assert result.located == "denied higher up"
    assert "service control policies" in result.fix


def test_a_trust_without_the_external_id_fails(made: Verified) -> None:
    open_role = managed_role(made.managing, replace(made.managed, external_id=""))
    made.field.iam.update_assume_role_policy(
        RoleName="spinnakerManaged", PolicyDocument=open_role.trust.text
    )

    found = outcomes(made.results())

    assert found["Assume the managed role"] == "passed"
    assert found["A wrong external ID is denied"] == "failed"
    assert found["A missing external ID is denied"] == "failed"


def test_a_trust_that_requires_the_external_id_only_where_one_is_sent_fails(
    made: Verified,
) -> None:
    required = {"StringEqualsIfExists": {"sts:ExternalId": made.managed.external_id}}
    made.field.iam.update_assume_role_policy(
        RoleName="spinnakerManaged",
        PolicyDocument=trusting(made.managing.identity_arn, Condition=required),
    )

    found = outcomes(made.results())

    assert found["A wrong external ID is denied"] == "passed"
    assert found["A missing external ID is denied"] == "failed"


def test_it_waits_for_the_external_id_to_be_required(made: Verified) -> None:
    right = managed_role(made.managing, made.managed).trust.text
    open_role = managed_role(made.managing, replace(made.managed, external_id=""))
    update = made.field.iam.update_assume_role_policy
    update(RoleName="spinnakerManaged", PolicyDocument=open_role.trust.text)
    time = FakeClock(
        then=lambda: update(RoleName="spinnakerManaged", PolicyDocument=right)
    )

    result = made.found("A wrong external ID", backoff_seconds=60, clock=time.clock)

    assert result.outcome is Outcome.PASSED
    assert len(time.slept) == 1


def test_it_waits_for_a_role_that_is_not_known_yet(made: Verified) -> None:
    blind(made)
    right = managed_role(made.managing, made.managed).trust.text
    update = made.field.iam.update_assume_role_policy
    update(RoleName="spinnakerManaged", PolicyDocument=trusting("933333333333"))
    time = FakeClock(
        then=lambda: update(RoleName="spinnakerManaged", PolicyDocument=right)
    )
    said: list[str] = []

    result = made.found(
        "Assume the managed role",
        backoff_seconds=60,
        clock=time.clock,
        waiting=said.append,
    )

    assert result.outcome is Outcome.PASSED
    assert said[0].startswith(
        "Waiting for AWS: it doesn't allow Spinnaker's identity to"
    )
    assert said[-1] == ""


def test_it_does_not_wait_for_what_the_documents_explain(made: Verified) -> None:
    made.field.iam.update_assume_role_policy(
        RoleName="spinnakerManaged", PolicyDocument=trusting("933333333333")
    )
    time = FakeClock()

    made.found("Assume the managed role", backoff_seconds=60, clock=time.clock)

    assert time.slept == []


def just_written(made: Verified) -> Sessions:
    """Return sessions by which the managed role was written a moment ago."""
    sessions = made.field.sessions()
    sessions.handed_on.write(managed_role(made.managing, made.managed).key)
    return sessions


def test_it_waits_where_a_role_of_a_moment_ago_is_read_as_it_was(
    made: Verified,
) -> None:
    right = managed_role(made.managing, made.managed).trust.text
    update = made.field.iam.update_assume_role_policy
    update(RoleName="spinnakerManaged", PolicyDocument=trusting("933333333333"))
    time = FakeClock()

    def after_a_minute() -> None:
        if time.seconds > 60:
            update(RoleName="spinnakerManaged", PolicyDocument=right)

    time.then = after_a_minute

    result = made.found(
        "Assume the managed role",
        backoff_seconds=120,
        clock=time.clock,
        sessions=just_written(made),
    )

    assert result.outcome is Outcome.PASSED
    assert time.seconds > 60


class Missing(Holder):
    description = None


def test_a_role_of_a_moment_ago_that_does_not_show_is_no_certain_absence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    managed, sessions = factories.managed(), Opened(lambda *_: False)
    chain = chain_of(sessions)
    step = ManagedStep(chain, managed, managed.reach)
    role = managed_role(chain.managing, managed)
    client = AccountClient.of(sessions, managed.reach)
    holder = Missing(client, step.role_arn, MANAGED_PATH)
    monkeypatch.setattr(ManagedStep, "holder", lambda _: holder)

    (absent,) = step.trust_causes()
    sessions.handed_on.write(role.key)
    (unsettled,) = step.trust_causes()

    assert absent.certain
    assert absent.change.startswith("aws iam create-role")
    assert not unsettled.certain
    assert unsettled.change == ""
    assert "AWS might not show it as it is yet. There is no role" in unsettled.sentence
    assert unsettled.fix.startswith("Verify again in a few minutes.")


def test_an_open_account_is_evaluated_without_an_external_id(read: Verified) -> None:
    managed = replace(read.managed, external_id="")
    found = outcomes(Verified(read.field, read.managing, managed).results())

    assert "The external ID is required" not in found


def test_a_gap_that_is_read_fails(read: Verified) -> None:
    read.field.iam.update_assume_role_policy(
        RoleName="spinnakerManaged", PolicyDocument=trusting("933333333333")
    )

    result = read.found("Assume the managed role")

    assert result.outcome is Outcome.FAILED
    assert "doesn't allow" in result.sentence


def test_conditions_that_cannot_be_judged_are_not_proved(read: Verified) -> None:
    read.field.iam.update_assume_role_policy(
        RoleName="spinnakerManaged",
        PolicyDocument=trusting(
            read.managing.identity_arn,
            Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        ),
    )

    result = read.found("Assume the managed role")

    assert result.outcome is Outcome.NOT_TESTABLE
    assert "verify.sh" in result.fix


def test_an_external_id_that_is_not_required_is_read_too(read: Verified) -> None:
    open_role = managed_role(read.managing, replace(read.managed, external_id=""))
    read.field.iam.update_assume_role_policy(
        RoleName="spinnakerManaged", PolicyDocument=open_role.trust.text
    )

    result = read.found("The external ID is required")

    assert result.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "name", ["Assume the managed role", "A wrong external ID is denied"]
)
def test_an_error_that_is_no_refusal_is_told_as_it_is(
    made: Verified, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assume = Sessions.assume
    right = made.managed.external_id
    fails = f"not-{right}" if "wrong" in name else right

    def broken(self: Sessions, role_arn: str, **options: Any) -> Credentials:
        if options.get("external_id") == fails:
            raise AwsError("922222222222", "sts:AssumeRole", "It broke.", "Mend it.")
        return assume(self, role_arn, **options)

    monkeypatch.setattr(Sessions, "assume", broken)

    result = made.found(name)

    assert (result.outcome, result.sentence) == (Outcome.FAILED, "It broke.")


def test_a_role_that_leads_elsewhere_fails(
    made: Verified, monkeypatch: pytest.MonkeyPatch
) -> None:
    assume = Sessions.assume

    def elsewhere(self: Sessions, role_arn: str, **options: Any) -> Credentials:
        given = assume(self, role_arn, **options)
        return replace(given, arn="arn:aws:sts::933333333333:assumed-role/A/Spinnaker")

    monkeypatch.setattr(Sessions, "assume", elsewhere)

    result = made.found("The role is in account")

    assert result.outcome is Outcome.FAILED
    assert "in account 933333333333" in result.sentence


def test_where_the_role_leads_is_what_sts_said_when_it_opened_it(
    made: Verified, calls: Calls
) -> None:
    account = made.managed.account_id
    calls.made.clear()

    result = made.found("The role is in account")

    assert result.sentence == (
        f"AWS says: arn:aws:sts::{account}:assumed-role/spinnakerManaged/Spinnaker "
        f"in account {account}."
    )
    assert calls.made["sts:GetCallerIdentity"] <= 1  # Bowline itself


def test_an_assumed_role_that_the_organization_denies(
    made: Verified, monkeypatch: pytest.MonkeyPatch
) -> None:
    assume = Sessions.assume

    def denied(self: Sessions, role_arn: str, **options: Any) -> Credentials:
        if role_arn.endswith("spinnakerManaged"):
            raise refused(by="sts:AssumeRole")
        return assume(self, role_arn, **options)

    monkeypatch.setattr(Sessions, "assume", denied)

    assert made.found("Assume the managed role").located == "denied higher up"


class Refused(Opened):
    """Sessions whose every AssumeRole is refused in these words of AWS."""

    def __init__(self, why: str) -> None:
        super().__init__(lambda *_: False)
        self.why = why

    def assume(self, role_arn: str, **_: Any) -> Credentials:
        session = f"arn:aws:sts::{MANAGING_ID}:assumed-role/SpinnakerAuthRole/b"
        message = (
            f"AWS refused sts:AssumeRole (AccessDenied: User: {session} is not "
            f"authorized to perform: sts:AssumeRole on resource: {role_arn} {self.why})"
        )
        account = Arn.of(role_arn).account
        raise AwsError(account, "sts:AssumeRole", message, code="AccessDenied")


@pytest.mark.parametrize(
    ("why", "says", "lists"),
    [
        (
            "with an explicit deny in a service control policy",
            f"A service control policy above account {MANAGING_ID} denies",
            f"--target-id {MANAGING_ID} --filter SERVICE_CONTROL_POLICY",
        ),
        (
            "with an explicit deny in a resource control policy",
            f"A resource control policy above account {MANAGED_ID} denies",
            f"--target-id {MANAGED_ID} --filter RESOURCE_CONTROL_POLICY",
        ),
        (
            "because no VPC endpoint policy allows the sts:AssumeRole action",
            "in the policy of the VPC endpoint",
            "ec2 describe-vpc-endpoints",
        ),
        (
            "because no session policy allows the sts:AssumeRole action",
            "in the session policy of role SpinnakerAuthRole",
            "",
        ),
        (
            "because no permissions boundary allows the sts:AssumeRole action",
            "in the permissions boundary of role SpinnakerAuthRole",
            "",
        ),
        (
            "",
            f"service control policies above account {MANAGING_ID}, and in the "
            f"resource control policies above account {MANAGED_ID}",
            f"--target-id {MANAGING_ID} --filter SERVICE_CONTROL_POLICY",
        ),
    ],
)
def test_a_refusal_is_blamed_on_what_aws_names_above_the_right_account(
    why: str, says: str, lists: str
) -> None:
    """Of the service control policies, those of the caller count; of the resource
    control policies, those of the account that is entered.
    """
    managed = factories.managed()
    chain = chain_of(Refused(why), as_identity=OWN)

    (result,) = to_managed(chain, managed, managed.reach, "")

    assert result.outcome is Outcome.FAILED
    assert says in result.fix
    assert lists in result.change


def chain_of(sessions: Sessions, **fields: Any) -> Chain:
    managing = factories.managing(bowline=BOWLINE)
    return Chain(sessions, managing, managing.reach, Backoff(0), **fields)


@pytest.mark.parametrize(
    ("opens", "wrong", "missing"),
    [
        ({"right"}, "passed", "passed"),
        ({"right", "not-right"}, "failed", "passed"),
        ({"right", ""}, "passed", "failed"),
    ],
)
def test_a_wrong_and_a_missing_external_id_are_tried_each(
    opens: set[str], wrong: str, missing: str
) -> None:
    managed = factories.managed(external_id="right")
    chain = chain_of(Opened(lambda _, sent: sent in opens), as_identity=OWN)

    found = outcomes([*to_managed(chain, managed, managed.reach, "")])

    assert found["A wrong external ID is denied"] == wrong
    assert found["A missing external ID is denied"] == missing


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ({"StringEquals": {"sts:ExternalId": "right"}}, Outcome.EVALUATED),
        ({"StringEquals": {"sts:ExternalId": ["right", "not-right"]}}, Outcome.FAILED),
    ],
)
def test_a_trust_that_takes_a_wrong_external_id_does_not_require_it(
    condition: dict[str, Any], outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    managed = factories.managed(external_id="right")
    chain = chain_of(Opened(lambda *_: False))
    principal = {"AWS": chain.managing.identity_arn}
    trust = Policy.allowing(
        {"Principal": principal, "Action": "sts:AssumeRole", "Condition": condition}
    )
    monkeypatch.setattr(ManagedStep, "existing_trust", lambda step: trust)

    result = ManagedStep(chain, managed, managed.reach).evaluate_external_id()

    assert result.outcome is outcome


def test_only_the_trust_of_a_kept_role_is_read_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Bowline's own role requires the external ID, whatever its trust became."""
    trust, managed = Policy.allowing({"Principal": "*"}), factories.managed()
    monkeypatch.setattr(ManagedStep, "existing_trust", lambda step: trust)
    chain = chain_of(Opened(lambda *_: False))

    read = [
        ManagedStep(chain, one, one.reach).trust_of_before()
        for one in (managed, replace(managed, adopts=True))
    ]

    assert read == [None, trust]
