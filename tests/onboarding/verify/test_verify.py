"""The whole verification, of a managed account and of the managing one."""

from __future__ import annotations

import shlex
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onboarding.aws.session import Credentials, Sessions
from onboarding.checks import Outcome
from onboarding.desired.managed import CACHING
from onboarding.providers.eks import Cluster, Eks
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
from tests.onboarding.aws.field import Field, trusting
from tests.onboarding.verify.verified import Verified, denying, outcomes


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
