"""The whole verification, of a managed account and of the managing one; and what each
provider is asked for, by call or by reading, and what a refusal says.
"""

from __future__ import annotations

import shlex
import time
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onboarding.aws.apply import apply
from onboarding.aws.client import AccountClient
from onboarding.aws.errors import AwsError, own_credentials
from onboarding.aws.session import Credentials, Sessions
from onboarding.checks import Call, Check, Outcome
from onboarding.desired.managed import CACHING
from onboarding.providers.eks import Cluster, Eks
from onboarding.resources.kinds import InlinePolicy
from onboarding.resources.plan import Create
from onboarding.resources.policy import Policy
from onboarding.topology import Managing
from onboarding.verify.result import (
    Cause,
    Located,
    Result,
    command,
    line_of,
    printed_document,
)
from onboarding.verify.verification import verify_managing
from tests.onboarding.aws.field import FakeClock, Field, Probe, trusting
from tests.onboarding.verify.verified import (
    Verified,
    blind,
    denying,
    having,
    outcomes,
    refused,
)
from tests.strict_aws.calls import Calls


def test_it_walks_the_whole_chain(made: Verified) -> None:
    results = made.results()

    assert outcomes(results) == {
        "Bowline's own identity": "passed",
        "Assume Spinnaker's identity": "passed",
        ZONES: "passed",
        "Assume the managed role": "passed",
        f"The role is in account {made.managed.account_id}": "passed",
        "A wrong external ID is denied": "passed",
        "A missing external ID is denied": "passed",
        "List zones": "passed",
    }
    providers = list(dict.fromkeys(result.provider for result in results))
    assert providers == ["chain", CACHING, "probe"]
    assert all(result.sentence for result in results)
    assert all(result.seconds >= 0 for result in results)


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


def test_bad_credentials_of_bowlines_own_tell_nothing_of_the_account(
    made: Verified, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAWRONGWRONGWRONG1")

    (result,) = made.results()

    assert result.located == "Bowline itself"
    assert result.sentence.startswith("Bowline's own AWS credentials")


def of_managing(verified: Verified, managing: Managing) -> dict[str, str]:
    field = verified.field
    found = verify_managing(
        field.sessions(),
        managing,
        field.own,
        regions=verified.managed.regions,
        backoff_seconds=0,
    )
    return outcomes(list(found))


REGIONS = "Look up regions as Spinnaker's identity"

ZONES = "Look up zones in us-east-1 as Spinnaker's identity"


def test_the_managing_account_is_proved(made: Verified) -> None:
    assert of_managing(made, made.managing) == {
        "Bowline's own identity": "passed",
        "Assume Spinnaker's identity": "passed",
        REGIONS: "passed",
    }


def test_without_accounts_no_region_is_looked_up(made: Verified) -> None:
    """It would be one that the organization may deny, and that nobody uses."""
    field = made.field
    found = verify_managing(
        field.sessions(), made.managing, field.own, backoff_seconds=0
    )

    assert set(outcomes(list(found)).values()) == {"passed"}
    assert REGIONS not in outcomes(made.results())


def test_a_managing_account_with_a_user_is_evaluated(read: Verified) -> None:
    found = of_managing(read, read.managing)

    assert found[REGIONS] == "evaluated"
    assert outcomes(read.results())[ZONES] == "evaluated"


def test_an_identity_without_its_reads_fails(made: Verified) -> None:
    made.field.root(made.field.managing_id).detach_role_policy(
        RoleName="SpinnakerAuthRole",
        PolicyArn=f"arn:aws:iam::{made.field.managing_id}:policy/bowline/managing/"
        "BowlineRegionLookup",
    )

    found = of_managing(made, made.managing)

    assert found[REGIONS] == "failed"
    assert outcomes(made.results())[ZONES] == "failed"


def test_a_managing_account_is_not_judged_by_bad_credentials(
    made: Verified, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAWRONGWRONGWRONG1")

    assert of_managing(made, made.managing) == {"Bowline's own identity": "failed"}


NAME = "Cluster apps in us-east-1 knows today's role"


@pytest.fixture
def with_cluster(field: Field, cluster: Any) -> Verified:
    provider = Eks(clusters=(Cluster(name="apps", region="us-east-1"),))
    return Verified(field, field.managing(), field.managed(provider)).stand()


def failures(made: Verified) -> list[str]:
    return [r.name for r in made.results() if r.outcome is Outcome.FAILED]


def make_identity_again(made: Verified) -> None:
    """Delete Spinnaker's identity and make it again, a second later."""
    iam = made.field.root(made.field.managing_id)
    role = {"RoleName": "SpinnakerAuthRole"}
    for policy in iam.list_attached_role_policies(**role)["AttachedPolicies"]:
        iam.detach_role_policy(**role, PolicyArn=policy["PolicyArn"])
    profile = {"InstanceProfileName": "SpinnakerAuthRole"}
    iam.remove_role_from_instance_profile(**profile, **role)
    iam.delete_role(**role)
    time.sleep(1.1)
    iam.create_role(**role, AssumeRolePolicyDocument=trusting(made.field.bowline))


def test_an_entry_of_today_is_no_failure(with_cluster: Verified) -> None:
    assert NAME not in failures(with_cluster)


def test_an_entry_that_is_older_than_its_role_is_a_failure(
    with_cluster: Verified,
) -> None:
    make_identity_again(with_cluster)

    found = with_cluster.found(NAME)

    assert found.outcome is Outcome.FAILED
    assert "The entry is for an earlier role of that name" in found.sentence
    assert found.change.startswith("aws eks delete-access-entry --cluster-name apps")


def test_an_entry_that_may_not_be_read_is_left_to_the_other_checks(
    with_cluster: Verified,
) -> None:
    with_cluster.field.iam.put_role_policy(
        RoleName="Access",
        PolicyName="Blind",
        PolicyDocument=denying("eks:DescribeAccessEntry"),
    )

    assert NAME not in failures(with_cluster)


def test_an_entry_that_is_missing_is_left_to_the_other_checks(
    with_cluster: Verified, cluster: Any
) -> None:
    cluster.delete_access_entry(
        clusterName="apps", principalArn=with_cluster.managing.identity_arn
    )

    assert NAME not in failures(with_cluster)


DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["a:One", "a:Two"], "Resource": "*"},
        {"Effect": "Deny", "Action": "a:Two", "Resource": "*"},
    ],
}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("Statement",), '"Statement": ['),
        (("Statement", 0, "Action", 1), '"a:Two"'),
        (("Statement", 1), "{"),
        (("Statement", 1, "Action"), '"Action": "a:Two",'),
    ],
)
def test_a_path_leads_to_its_line(path: tuple[str | int, ...], text: str) -> None:
    line = line_of(DOCUMENT, path)

    assert printed_document(DOCUMENT).splitlines()[line - 1].strip() == text


def test_the_document_is_left_as_it_was() -> None:
    before = printed_document(DOCUMENT)

    line_of(DOCUMENT, ("Statement", 0))

    assert printed_document(DOCUMENT) == before


def test_a_command_survives_the_shell() -> None:
    written = command("iam", "put-role-policy", policy_document={"It's": "“so”"})

    assert shlex.split(written) == [
        "aws",
        "iam",
        "put-role-policy",
        "--policy-document",
        '{"It\'s": "“so”"}',
    ]


def test_a_cause_is_told_after_what_was_tried() -> None:
    cause = Cause(
        Located.BOUNDARY, "A boundary denies it.", "Widen it.", "{}", 1, "aws"
    )

    result = Result("chain", "Try", Outcome.FAILED, "AWS refused.").because(cause)

    assert result.sentence == "AWS refused. A boundary denies it."
    assert (result.fix, result.located) == ("Widen it.", "a boundary")
    assert (result.document, result.line, result.change) == ("{}", 1, "aws")


def test_without_a_cause_nothing_is_added() -> None:
    result = Result("chain", "Try", Outcome.FAILED, "AWS refused.", "Try again.")

    assert result.because(None) == result


VPCS = Call("ec2", "describe_vpcs")
LIST_VPCS = Check("List VPCs", VPCS, "Allow ec2:DescribeVpcs.")
LIST_CLUSTERS = Check("List clusters", Call("eks", "list_clusters"), "Allow it.")


@pytest.mark.smoke
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
