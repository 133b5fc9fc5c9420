from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onboarding.aws.apply import apply
from onboarding.aws.asking import Asker
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Credentials, Sessions
from onboarding.aws.verify import Result, verify_managing
from onboarding.managed_side import CACHING, managed_role
from onboarding.managing_side import managing_side
from onboarding.providers.base import Call, Check, Outcome
from onboarding.resources.kinds import InlinePolicy
from onboarding.resources.plan import Create
from onboarding.resources.policy import Policy
from onboarding.topology import ExistingIdentity, Managing
from tests.onboarding.aws.field import (
    ACCESS_ROLE,
    FakeClock,
    Field,
    Probe,
    trusting,
)
from tests.onboarding.aws.verified import Verified

VPCS = Call("ec2", "describe_vpcs")
LIST_VPCS = Check("List VPCs", VPCS, "Allow ec2:DescribeVpcs.")
LIST_CLUSTERS = Check("List clusters", Call("eks", "list_clusters"), "Allow it.")


@pytest.fixture
def made(field: Field) -> Verified:
    return Verified(field, field.managing(), field.managed()).stand()


def having(made: Verified, *checks: Check) -> Verified:
    managed = replace(made.managed, providers=(Probe(made=checks),))
    return Verified(made.field, made.managing, managed)


def outcomes(results: list[Result]) -> dict[str, str]:
    """Give the outcomes by name, without the reads that every account is asked for."""
    return {r.name: r.outcome.value for r in results if r.provider != CACHING}


def test_it_walks_the_whole_chain(made: Verified) -> None:
    results = made.results()

    assert outcomes(results) == {
        "Bowline's own identity": "proved",
        "Become Spinnaker's identity": "proved",
        "Assume the managed role": "proved",
        f"The role leads into account {made.managed.account_id}": "proved",
        "A wrong external ID is refused": "proved",
        "A missing external ID is refused": "proved",
        "List zones": "proved",
    }
    providers = list(dict.fromkeys(result.provider for result in results))
    assert providers == ["chain", CACHING, "probe"]
    assert all(result.sentence for result in results)
    assert all(result.seconds >= 0 for result in results)


def test_without_an_external_id_none_is_tried(field: Field) -> None:
    open_account = field.managed(external_id="")
    verified = Verified(field, field.managing(), open_account).stand()

    names = outcomes(verified.results())

    assert not any("external ID" in name for name in names)
    assert set(names.values()) == {"proved"}


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
    field.bring_about(field.own, tuple(managing_side(topology)))
    verified = Verified(field, topology.managing, topology.managed[0])

    result = verified.found("Assume the managed role")

    assert result.outcome is Outcome.FAILED
    assert "There is no role spinnakerManaged in account" in result.sentence


def test_a_role_at_another_path_is_located(field: Field) -> None:
    topology = field.topology()
    field.bring_about(field.own, tuple(managing_side(topology)))
    field.iam.create_role(
        RoleName="spinnakerManaged",
        Path="/old/",
        AssumeRolePolicyDocument=trusting("933333333333"),
    )
    verified = Verified(field, topology.managing, topology.managed[0])

    result = verified.found("Assume the managed role")

    assert "stands at another path" in result.sentence


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


def denying(*actions: str) -> str:
    allowing = Policy.allowing({"Action": list(actions), "Resource": "*"})
    return allowing.text.replace('"Allow"', '"Deny"')


def test_checks_are_not_tried_without_the_managed_role(made: Verified) -> None:
    made.field.iam.update_assume_role_policy(
        RoleName="spinnakerManaged", PolicyDocument=trusting("933333333333")
    )

    result = made.found("List zones")

    assert result.outcome is Outcome.NOT_PROVED
    assert "could not be assumed" in result.sentence


def test_a_trust_without_the_external_id_fails(made: Verified) -> None:
    open_role = managed_role(made.managing, replace(made.managed, external_id=""))
    made.field.iam.update_assume_role_policy(
        RoleName="spinnakerManaged", PolicyDocument=open_role.trust.text
    )

    found = outcomes(made.results())

    assert found["Assume the managed role"] == "proved"
    assert found["A wrong external ID is refused"] == "failed"
    assert found["A missing external ID is refused"] == "failed"


def test_it_waits_for_the_external_id_to_be_required(made: Verified) -> None:
    right = managed_role(made.managing, made.managed).trust.text
    open_role = managed_role(made.managing, replace(made.managed, external_id=""))
    update = made.field.iam.update_assume_role_policy
    update(RoleName="spinnakerManaged", PolicyDocument=open_role.trust.text)
    time = FakeClock(
        then=lambda: update(RoleName="spinnakerManaged", PolicyDocument=right)
    )

    result = made.found("A wrong external ID", patience=60, clock=time.clock)

    assert result.outcome is Outcome.PROVED
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
        patience=60,
        clock=time.clock,
        waiting=said.append,
    )

    assert result.outcome is Outcome.PROVED
    assert said[0].startswith("Waiting for AWS: it does not let Spinnaker's identity")
    assert said[-1] == ""


def blind(made: Verified) -> None:
    """Keep Bowline from reading the managed side, as if IAM were not up to date."""
    made.field.iam.put_role_policy(
        RoleName=ACCESS_ROLE, PolicyName="Blind", PolicyDocument=denying("iam:*")
    )


def test_it_does_not_wait_for_what_the_documents_explain(made: Verified) -> None:
    made.field.iam.update_assume_role_policy(
        RoleName="spinnakerManaged", PolicyDocument=trusting("933333333333")
    )
    time = FakeClock()

    made.found("Assume the managed role", patience=60, clock=time.clock)

    assert time.slept == []


def test_an_identity_that_shuts_bowline_out_fails(made: Verified) -> None:
    made.field.root(made.field.managing_id).update_assume_role_policy(
        RoleName="SpinnakerAuthRole", PolicyDocument=trusting("933333333333")
    )

    result = made.found("Become Spinnaker's identity")

    assert result.outcome is Outcome.FAILED
    assert f"Allow sts:AssumeRole to {made.field.bowline}" in result.fix


def test_bowline_may_itself_be_the_identity(field: Field) -> None:
    identity = ExistingIdentity(field.bowline)
    managing = field.managing(identity=identity, bowline="")
    verified = Verified(field, managing, field.managed()).stand()

    assert set(outcomes(verified.results()).values()) == {"proved"}


def test_by_choice_the_chain_is_read_and_not_walked(field: Field) -> None:
    managing = field.managing(bowline="")
    verified = Verified(field, managing, field.managed()).stand()

    assert outcomes(verified.results()) == {
        "Bowline's own identity": "proved",
        "Become Spinnaker's identity": "not proved from here",
        "Assume the managed role": "evaluated",
        "The external ID is required": "evaluated",
        "List zones": "evaluated",
    }


@pytest.fixture
def read(field: Field) -> Verified:
    """A user is the identity, so that the chain can only be read."""
    field.root(field.managing_id).create_user(UserName="spinnaker")
    identity = ExistingIdentity(f"arn:aws:iam::{field.managing_id}:user/spinnaker")
    managing = field.managing(identity=identity)
    return Verified(field, managing, field.managed()).stand()


def test_an_open_account_is_evaluated_without_an_external_id(read: Verified) -> None:
    managed = replace(read.managed, external_id="")
    found = outcomes(Verified(read.field, read.managing, managed).results())

    assert "The external ID is required" not in found


def test_a_user_is_evaluated(read: Verified) -> None:
    found = outcomes(read.results())

    assert found["Become Spinnaker's identity"] == "not proved from here"
    assert found["Assume the managed role"] == "evaluated"


def test_an_identity_that_does_not_exist_fails(read: Verified) -> None:
    identity = ExistingIdentity(f"arn:aws:iam::{read.field.managing_id}:user/nobody")
    gone = Verified(read.field, replace(read.managing, identity=identity), read.managed)

    result = gone.found("Become Spinnaker's identity")

    assert result.outcome is Outcome.FAILED
    assert "There is no user nobody" in result.sentence


def test_an_identity_that_may_not_be_read_is_not_proved(read: Verified) -> None:
    read.field.root(read.field.managing_id).put_user_policy(
        UserName="bowline", PolicyName="Blind", PolicyDocument=denying("iam:Get*")
    )

    result = read.found("Become Spinnaker's identity")

    assert result.outcome is Outcome.NOT_PROVED
    assert "AWS refused iam:GetUser" in result.sentence


def test_an_existing_role_that_refuses_bowline_is_evaluated(field: Field) -> None:
    field.root(field.managing_id).create_role(
        RoleName="theirs", AssumeRolePolicyDocument=trusting("933333333333")
    )
    identity = ExistingIdentity(f"arn:aws:iam::{field.managing_id}:role/theirs")
    managing = field.managing(identity=identity)
    verified = Verified(field, managing, field.managed()).stand()

    found = outcomes(verified.results())

    assert found["Become Spinnaker's identity"] == "not proved from here"
    assert found["Assume the managed role"] == "evaluated"


def test_a_gap_that_is_read_fails(read: Verified) -> None:
    read.field.iam.update_assume_role_policy(
        RoleName="spinnakerManaged", PolicyDocument=trusting("933333333333")
    )

    result = read.found("Assume the managed role")

    assert result.outcome is Outcome.FAILED
    assert "does not let" in result.sentence


def test_conditions_that_cannot_be_judged_are_not_proved(read: Verified) -> None:
    read.field.iam.update_assume_role_policy(
        RoleName="spinnakerManaged",
        PolicyDocument=trusting(
            read.managing.identity_arn,
            Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        ),
    )

    result = read.found("Assume the managed role")

    assert result.outcome is Outcome.NOT_PROVED
    assert "verify.sh" in result.fix


def test_an_external_id_that_is_not_required_is_read_too(read: Verified) -> None:
    open_role = managed_role(read.managing, replace(read.managed, external_id=""))
    read.field.iam.update_assume_role_policy(
        RoleName="spinnakerManaged", PolicyDocument=open_role.trust.text
    )

    result = read.found("The external ID is required")

    assert result.outcome is Outcome.FAILED


def test_policies_that_may_not_be_read_are_not_proved(read: Verified) -> None:
    blind(read)

    found = outcomes(read.results())

    assert found["Assume the managed role"] == "not proved from here"
    assert found["The external ID is required"] == "not proved from here"
    assert found["List zones"] == "not proved from here"


def test_a_right_that_the_policies_lack_fails_where_it_is_read(read: Verified) -> None:
    missing = Check("List users", Call("iam", "list_users"), "Allow iam:ListUsers.")

    result = having(read, missing).found("List users")

    assert result.outcome is Outcome.FAILED
    assert "No policy of role spinnakerManaged" in result.sentence


def test_a_refused_read_says_what_is_missing(made: Verified) -> None:
    missing = Check("List users", Call("iam", "list_users"), "Allow iam:ListUsers.")

    result = having(made, missing).found("List users")

    assert result.outcome is Outcome.FAILED
    assert "AWS refused iam:ListUsers" in result.sentence
    assert "allows iam:ListUsers on *." in result.sentence
    assert "iam put-role-policy --role-name spinnakerManaged" in result.change


def test_a_refused_read_keeps_the_checks_own_fix_where_nothing_can_be_read(
    made: Verified,
) -> None:
    missing = Check("List users", Call("iam", "list_users"), "Allow iam:ListUsers.")
    blind(made)

    result = having(made, missing).found("List users")

    assert (result.located, result.fix) == ("", "Allow iam:ListUsers.")


def test_the_session_may_do_what_the_checks_ask_and_nothing_else(
    made: Verified, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: dict[str, Credentials] = {}
    assume = Sessions.assume

    def kept(self: Sessions, role_arn: str, **options: Any) -> Credentials:
        opened[role_arn] = assume(self, role_arn, **options)
        return opened[role_arn]

    monkeypatch.setattr(Sessions, "assume", kept)
    arn = made.managing.managed_role_arn(made.managed.account_id)

    made.results()

    sessions = made.field.sessions()
    ec2 = sessions.client_with(opened[arn], "ec2", "us-east-1")
    ec2.describe_vpcs()
    with pytest.raises(ClientError, match="DescribeKeyPairs"):
        ec2.describe_key_pairs()


def test_a_call_that_is_not_known_there_proves_nothing(made: Verified) -> None:
    unknown = Check(
        "List certificates", Call("iam", "list_server_certificates"), "Allow it."
    )

    result = having(made, unknown).found("List certificates")

    assert result.outcome is Outcome.NOT_PROVED
    assert "Unknown IAM action" in result.sentence


def test_a_read_is_repeated_while_its_policy_may_be_new(made: Verified) -> None:
    granted = InlinePolicy(
        account=made.managed.account_id,
        name="spinnakerManaged/BowlineUsers",
        document=Policy.allowing({"Action": "iam:ListUsers", "Resource": "*"}),
    )
    time = FakeClock(
        then=lambda: apply(made.field.sessions(), made.field.reach, Create(granted))
    )
    missing = Check("List users", Call("iam", "list_users"), "Allow iam:ListUsers.")

    results = having(made, LIST_VPCS, missing).results(patience=60, clock=time.clock)

    assert outcomes(results[-2:]) == {"List VPCs": "proved", "List users": "proved"}
    assert len(time.slept) == 1


def test_a_read_that_is_denied_explicitly_is_not_repeated(made: Verified) -> None:
    made.field.iam.put_role_policy(
        RoleName="spinnakerManaged",
        PolicyName="theirs",
        PolicyDocument=denying("ec2:DescribeVpcs"),
    )
    time = FakeClock()

    result = made.found("List zones", patience=60, clock=time.clock)

    assert result.outcome is Outcome.FAILED
    assert time.slept == []


@pytest.mark.parametrize(
    ("advice", "expected"), [(False, Outcome.FAILED), (True, Outcome.NOT_PROVED)]
)
def test_an_answer_that_is_not_as_expected(
    made: Verified, advice: bool, expected: Outcome
) -> None:
    check = replace(
        LIST_VPCS,
        expects="length(Vpcs) > `99`",
        missing="There are too few VPCs.",
        advice=advice,
    )

    result = having(made, check).found("List VPCs")

    assert (result.outcome, result.sentence) == (expected, "There are too few VPCs.")


def test_an_answer_as_expected_proves(made: Verified) -> None:
    check = replace(LIST_VPCS, expects="length(Vpcs) < `99`")

    result = having(made, check).found("List VPCs")

    assert result.outcome is Outcome.PROVED
    assert result.sentence == "AWS answered ec2:DescribeVpcs."


def test_a_success_may_prove_little(made: Verified) -> None:
    check = replace(LIST_VPCS, success=Outcome.NOT_PROVED, missing="It is private.")

    result = having(made, check).found("List VPCs")

    assert (result.outcome, result.sentence) == (Outcome.NOT_PROVED, "It is private.")


def test_an_account_without_an_aws_entry_has_no_chain(made: Verified) -> None:
    class Clusters(Probe):
        __slots__ = ()
        needs_aws_entry = False

    check = replace(LIST_CLUSTERS, as_managed_role=False)
    managed = replace(made.managed, providers=(Clusters(made=(check,)),))

    results = Verified(made.field, made.managing, managed).results()

    assert outcomes(results) == {"List clusters": "proved"}


def test_the_access_role_asks_what_the_chain_cannot(made: Verified) -> None:
    by_access_role = replace(LIST_CLUSTERS, as_managed_role=False)
    results = having(made, LIST_CLUSTERS, by_access_role).results()

    assert [result.outcome for result in results[-2:]] == [
        Outcome.FAILED,
        Outcome.PROVED,
    ]


def test_results_keep_the_order_of_the_checks(made: Verified) -> None:
    checks = [replace(LIST_VPCS, name=f"List {number}") for number in range(12)]

    results = having(made, *checks).results()

    assert [result.name for result in results[-12:]] == [check.name for check in checks]


def test_bad_credentials_of_bowlines_own_tell_nothing_of_the_account(
    made: Verified, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAWRONGWRONGWRONG1")

    (result,) = made.results()

    assert result.located == "Bowline itself"
    assert result.sentence.startswith("Bowline's own AWS credentials")


def of_managing(verified: Verified, managing: Managing) -> dict[str, str]:
    field = verified.field
    return outcomes(
        list(verify_managing(field.sessions(), managing, field.own, patience=0))
    )


REGIONS, ZONES = (
    f"Look up {what} as Spinnaker's identity" for what in ("regions", "zones")
)


def test_the_managing_account_is_proved(made: Verified) -> None:
    assert of_managing(made, made.managing) == {
        "Bowline's own identity": "proved",
        "Become Spinnaker's identity": "proved",
        REGIONS: "proved",
        ZONES: "proved",
    }


def test_a_managing_account_with_a_user_is_evaluated(read: Verified) -> None:
    found = of_managing(read, read.managing)

    assert (found[REGIONS], found[ZONES]) == ("evaluated", "evaluated")


def test_an_identity_without_its_reads_fails(made: Verified) -> None:
    made.field.root(made.field.managing_id).detach_role_policy(
        RoleName="SpinnakerAuthRole",
        PolicyArn=f"arn:aws:iam::{made.field.managing_id}:policy/bowline/managing/"
        "BowlineRegionLookup",
    )

    found = of_managing(made, made.managing)

    assert (found[REGIONS], found[ZONES]) == ("failed", "failed")


@pytest.mark.parametrize(
    "name", ["Assume the managed role", "A wrong external ID is refused"]
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


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"Account": "933333333333", "Arn": "arn:x"}, "in account 933333333333"),
        (AwsError("922222222222", "sts:GetCallerIdentity", "It broke."), "It broke."),
    ],
)
def test_a_role_that_leads_elsewhere_fails(
    made: Verified, monkeypatch: pytest.MonkeyPatch, given: Any, told: str
) -> None:
    ask = Asker.ask

    def elsewhere(self: Asker, service: str, *rest: Any, **options: Any) -> Any:
        if service != "sts":
            return ask(self, service, *rest, **options)
        if isinstance(given, AwsError):
            raise given
        return given

    monkeypatch.setattr(Asker, "ask", elsewhere)

    result = made.found("The role leads into account")

    assert result.outcome is Outcome.FAILED
    assert told in result.sentence


def test_a_managing_account_is_not_judged_by_bad_credentials(
    made: Verified, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAWRONGWRONGWRONG1")

    assert of_managing(made, made.managing) == {"Bowline's own identity": "failed"}


def test_a_managing_identity_that_is_gone_is_located(field: Field) -> None:
    managing = field.managing()
    verified = Verified(field, managing, field.managed())

    result = verified.found("Become Spinnaker's identity")

    assert result.located == "not there"
    assert "iam create-role --role-name SpinnakerAuthRole" in result.change


ORGANIZATION = (
    "AWS refused it (AccessDenied: not authorized to perform: {} with an explicit deny "
    "in a service control policy)."
)


def refused(*, by: str, account: str = "922222222222") -> AwsError:
    message = ORGANIZATION.format(by) if account else "Bowline's own are expired."
    return AwsError(account, by, message, code="AccessDenied")


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


@pytest.mark.parametrize(
    ("account", "located"),
    [("922222222222", "denied higher up"), ("", "Bowline itself")],
)
def test_a_read_that_neither_account_denies(
    made: Verified, monkeypatch: pytest.MonkeyPatch, account: str, located: str
) -> None:
    ask = Asker.ask

    def denied(self: Asker, service: str, *rest: Any, **options: Any) -> Any:
        if rest[0] == "describe_vpcs":
            raise refused(by="ec2:DescribeVpcs", account=account)
        return ask(self, service, *rest, **options)

    monkeypatch.setattr(Asker, "ask", denied)

    assert made.found("List zones").located == located


def test_what_the_access_role_is_denied_keeps_the_checks_own_fix(
    made: Verified,
) -> None:
    by_access_role = Check(
        "List roles", Call("iam", "list_roles"), "Allow it.", as_managed_role=False
    )
    blind(made)

    result = having(made, by_access_role).found("List roles")

    assert (result.outcome, result.located) == (Outcome.FAILED, "")
    assert result.fix == "Allow it."
