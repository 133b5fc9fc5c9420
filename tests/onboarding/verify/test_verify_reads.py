"""What each provider is asked for, by call or by reading, and what a refusal tells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from onboarding.aws.apply import apply
from onboarding.aws.client import AccountClient
from onboarding.aws.errors import AwsError, own_credentials
from onboarding.checks import Call, Check, Outcome
from onboarding.resources.kinds import InlinePolicy
from onboarding.resources.plan import Create
from onboarding.resources.policy import Policy
from tests.onboarding.aws.field import FakeClock, Probe, trusting
from tests.onboarding.verify.verified import (
    Verified,
    blind,
    denying,
    having,
    outcomes,
    refused,
)
from tests.strict_aws.calls import Calls

VPCS = Call("ec2", "describe_vpcs")
LIST_VPCS = Check("List VPCs", VPCS, "Allow ec2:DescribeVpcs.")
LIST_CLUSTERS = Check("List clusters", Call("eks", "list_clusters"), "Allow it.")


def test_checks_are_not_tried_without_the_managed_role(made: Verified) -> None:
    made.field.iam.update_assume_role_policy(
        RoleName="spinnakerManaged", PolicyDocument=trusting("933333333333")
    )

    result = made.found("List zones")

    assert result.outcome is Outcome.NOT_TESTABLE
    assert "could not be assumed" in result.sentence


def test_policies_that_may_not_be_read_are_not_proved(read: Verified) -> None:
    blind(read)

    found = outcomes(read.results())

    assert found["Assume the managed role"] == "not testable"
    assert found["The external ID is required"] == "not testable"
    assert found["List zones"] == "not testable"


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


def test_a_call_that_is_not_known_there_proves_nothing(made: Verified) -> None:
    unknown = Check(
        "List certificates", Call("iam", "list_server_certificates"), "Allow it."
    )

    result = having(made, unknown).found("List certificates")

    assert result.outcome is Outcome.NOT_TESTABLE
    assert "Unknown IAM action" in result.sentence


def test_a_read_is_repeated_while_its_policy_may_be_new(made: Verified) -> None:
    granted = InlinePolicy(
        account=made.managed.account_id,
        role="spinnakerManaged",
        policy="BowlineUsers",
        document=Policy.allowing({"Action": "iam:ListUsers", "Resource": "*"}),
    )
    time = FakeClock(
        then=lambda: apply(made.field.sessions(), made.field.reach, Create(granted))
    )
    missing = Check("List users", Call("iam", "list_users"), "Allow iam:ListUsers.")

    results = having(made, LIST_VPCS, missing).results(
        backoff_seconds=60, clock=time.clock
    )

    assert outcomes(results[-2:]) == {"List VPCs": "passed", "List users": "passed"}
    assert len(time.slept) == 1


def test_a_read_that_is_denied_explicitly_is_not_repeated(made: Verified) -> None:
    made.field.iam.put_role_policy(
        RoleName="spinnakerManaged",
        PolicyName="theirs",
        PolicyDocument=denying("ec2:DescribeVpcs"),
    )
    time = FakeClock()

    result = made.found("List zones", backoff_seconds=60, clock=time.clock)

    assert result.outcome is Outcome.FAILED
    assert time.slept == []


@pytest.mark.parametrize(
    ("advice", "expected"), [(False, Outcome.FAILED), (True, Outcome.NOT_TESTABLE)]
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


WITHOUT = {
    "expects": "length(Vpcs) > `99`",
    "missing": "There are too few VPCs.",
    "change": "aws ec2 create-vpc",
}


def in_region(region: str, **fields: Any) -> Check:
    call = LIST_VPCS.call._replace(region=region)
    name = f"List VPCs in {region}"
    return replace(LIST_VPCS, name=name, call=call, deploys_in=region, **fields)


def test_a_region_that_lacks_something_is_one_without_deployments(
    made: Verified,
) -> None:
    checks = (in_region("us-east-1", **WITHOUT), in_region("us-west-2"))
    two = having(made, *checks)
    managed = replace(two.managed, regions=("us-east-1", "us-west-2"))

    results = Verified(two.field, two.managing, managed).results()

    without = [one for one in results if one.undeployable]
    (east,) = without
    assert (east.outcome, east.undeployable) == (Outcome.CANNOT_DEPLOY, "us-east-1")
    assert (east.sentence, east.change) == (WITHOUT["missing"], WITHOUT["change"])
    assert Outcome.FAILED not in {one.outcome for one in results}


def test_a_provider_that_can_be_deployed_nowhere_fails_the_account(
    made: Verified,
) -> None:
    """Though something else is missing in each region."""
    checks = (in_region("us-east-1", **WITHOUT), in_region("us-west-2", **WITHOUT))
    two = having(made, *checks)
    managed = replace(two.managed, regions=("us-east-1", "us-west-2"))

    results = Verified(two.field, two.managing, managed).results()

    failed = [one for one in results if one.outcome is Outcome.FAILED]
    assert [one.undeployable for one in failed] == ["us-east-1", "us-west-2"]
    assert failed[0].sentence == "There are too few VPCs."
    assert failed[0].fix.startswith("Probe can be deployed in no Region of the account")


def test_an_answer_as_expected_proves(made: Verified) -> None:
    check = replace(LIST_VPCS, expects="length(Vpcs) < `99`")

    result = having(made, check).found("List VPCs")

    assert result.outcome is Outcome.PASSED
    assert result.sentence == "AWS answered ec2:DescribeVpcs."


def test_a_success_may_prove_little(made: Verified) -> None:
    check = replace(LIST_VPCS, untested="It is private.")

    result = having(made, check).found("List VPCs")

    assert (result.outcome, result.sentence) == (Outcome.NOT_TESTABLE, "It is private.")


def test_an_account_without_an_aws_entry_has_no_chain(made: Verified) -> None:
    class Clusters(Probe):
        __slots__ = ()
        needs_aws_entry = False

    check = replace(LIST_CLUSTERS, as_managed_role=False)
    managed = replace(made.managed, providers=(Clusters(made=(check,)),))

    results = Verified(made.field, made.managing, managed).results()

    assert outcomes(results) == {"List clusters": "passed"}


def test_the_access_role_asks_what_the_chain_cannot(made: Verified) -> None:
    by_access_role = replace(LIST_CLUSTERS, as_managed_role=False)
    results = having(made, LIST_CLUSTERS, by_access_role).results()

    assert [result.outcome for result in results[-2:]] == [
        Outcome.FAILED,
        Outcome.PASSED,
    ]


def test_results_keep_the_order_of_the_checks(made: Verified) -> None:
    checks = [replace(LIST_VPCS, name=f"List {number}") for number in range(12)]

    results = having(made, *checks).results()

    assert [result.name for result in results[-12:]] == [check.name for check in checks]


def test_checks_of_one_call_make_it_once_and_judge_it_each(
    made: Verified, calls: Calls
) -> None:
    none = replace(LIST_VPCS, name="None", expects="length(Vpcs) == `99`")
    by_access_role = replace(LIST_VPCS, name="Access", as_managed_role=False)
    verified = having(made, LIST_VPCS, none, by_access_role)

    results = verified.results()

    assert [result.outcome for result in results[-3:]] == [
        Outcome.PASSED,
        Outcome.FAILED,
        Outcome.PASSED,
    ]
    assert calls.made["ec2:DescribeVpcs"] == 2  # as two roles


@pytest.mark.parametrize(
    ("error", "located"),
    [
        (refused(by="ec2:DescribeVpcs"), "denied higher up"),
        (own_credentials("ec2:DescribeVpcs", "expired"), "Bowline itself"),
    ],
)
def test_a_read_that_neither_account_denies(
    made: Verified, monkeypatch: pytest.MonkeyPatch, error: AwsError, located: str
) -> None:
    call = AccountClient.call

    def denied(self: AccountClient, method: Any, *rest: Any, **options: Any) -> Any:
        if method.__name__ == "describe_vpcs":
            raise error
        return call(self, method, *rest, **options)

    monkeypatch.setattr(AccountClient, "call", denied)

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
