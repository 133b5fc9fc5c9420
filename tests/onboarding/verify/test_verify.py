"""The whole verification, of a managed account and of the managing one."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from onboarding.aws.session import Credentials, Sessions
from onboarding.desired.managed import CACHING
from onboarding.topology import Managing
from onboarding.verify.verification import verify_managing
from tests.onboarding.verify.verified import Verified, outcomes


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
