from __future__ import annotations

import json
from typing import Any

import pytest

from onboarding.aws.discover import (
    OwnAccount,
    answers,
    oidc_issuer,
    own_account,
    regions,
    try_access,
)
from onboarding.aws.errors import AwsError
from onboarding.aws.organization import organization_accounts, organization_id
from onboarding.checks import Call
from onboarding.topology import Reach
from tests.onboarding.aws.field import ADMINISTRATOR, Field, answering, failing

EAST = "us-east-1"


def test_it_answers_calls_in_full(field: Field) -> None:
    for number in range(3):
        field.root(field.managed_id, "ecs").create_cluster(clusterName=f"c{number}")
    listing = Call("ecs", "list_clusters", EAST, (("maxResults", 1),))
    zones = Call("ec2", "describe_availability_zones", EAST)

    found = answers(field.sessions(), field.reach, [listing, zones, listing])

    assert len(found[listing]["clusterArns"]) == 3
    assert {zone["RegionName"] for zone in found[zones]["AvailabilityZones"]} == {EAST}


def test_a_call_that_cannot_be_answered_says_which(field: Field) -> None:
    call = Call("eks", "describe_cluster", EAST, (("name", "none"),))

    with pytest.raises(
        AwsError, match=r"could not describe cluster \(none, us-east-1\)"
    ):
        answers(field.sessions(), field.reach, [call])


def test_it_lists_the_enabled_regions(field: Field) -> None:
    found = regions(field.sessions(), field.reach)

    assert {EAST, "us-west-2"} <= {*found}
    assert list(found) == sorted(found)


def test_bowlines_own_account_is_named_as_organizations_lists_it(field: Field) -> None:
    sessions = field.sessions()
    client = sessions.client(field.own, "organizations")
    account = {"Account": {"Id": field.managing_id, "Name": "Spinnaker tools"}}
    answering(client, "DescribeAccount", json.dumps(account))

    found = own_account(sessions)

    assert found == OwnAccount(field.managing_id, "aws", "Spinnaker tools")


def test_bowlines_own_account_needs_no_name(field: Field) -> None:
    sessions = field.sessions()
    client = sessions.client(field.own, "organizations")
    failing(client, "DescribeAccount", "AccessDeniedException", "No", times=1)

    assert own_account(sessions) == OwnAccount(field.managing_id, "aws", "")


def test_access_that_works_says_how(field: Field) -> None:
    report = try_access(field.sessions(), field.reach)

    assert report.works
    assert report.caller is not None
    assert report.caller.arn == field.bowline
    assert report.role_arn == f"arn:aws:iam::{field.managed_id}:role/Access"
    assert f"entered account {field.managed_id} with the role" in report.sentence


def test_access_to_its_own_account_needs_no_role(field: Field) -> None:
    report = try_access(field.sessions(), field.own)

    assert report.works
    assert report.role_arn == ""
    assert "with its own credentials" in report.sentence


def test_access_that_fails_says_who_asked_and_what_to_change(field: Field) -> None:
    report = try_access(field.sessions(), Reach(field.managed_id, "Other"))

    assert not report.works
    assert report.caller is not None
    assert "could not assume" in report.sentence
    assert "trust policy" in report.hint


def test_access_without_credentials_blames_them_first(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAWRONGWRONGWRONG1")

    report = try_access(field.sessions(), field.reach)

    assert (report.works, report.caller) == (False, None)
    assert report.sentence.startswith("Bowline's own AWS credentials")


def test_it_gives_a_clusters_issuer_without_its_scheme(
    field: Field, cluster: Any
) -> None:
    issuer = cluster.describe_cluster(name="apps")["cluster"]["identity"]["oidc"]

    found = oidc_issuer(field.sessions(), field.reach, "apps", EAST)

    assert issuer["issuer"].split("://")[1] == found


@pytest.mark.usefixtures("cluster")
def test_a_cluster_may_have_no_issuer(field: Field) -> None:
    sessions = field.sessions()
    eks = sessions.client(field.reach, "eks", EAST)
    described = {"cluster": {"arn": "arn:aws:eks:us-east-1:1:cluster/apps"}}
    answering(eks, "DescribeCluster", json.dumps(described))

    with pytest.raises(AwsError, match="has no OIDC issuer"):
        oidc_issuer(sessions, field.reach, "apps", EAST)


def test_it_lists_the_organizations_accounts(field: Field) -> None:
    found = organization_accounts(field.sessions(), field.own)

    assert [account.account_id for account in found.accounts] == [field.managing_id]
    assert found.accounts[0].active
    assert found.sentence == ""


@pytest.mark.parametrize(
    ("told", "active"),
    [
        ({"State": "ACTIVE"}, True),
        ({"State": "PENDING_CLOSURE", "Status": "ACTIVE"}, False),
        ({"Status": "SUSPENDED"}, False),
        ({}, False),
    ],
)
def test_an_account_is_active_by_its_state_or_else_its_older_status(
    field: Field, told: dict[str, str], active: bool
) -> None:
    sessions = field.sessions()
    client = sessions.client(field.own, "organizations")
    account = {"Id": "922222222222", "Name": "staging", **told}
    answering(client, "ListAccounts", json.dumps({"Accounts": [account]}))

    (found,) = organization_accounts(sessions, field.own).accounts

    assert found.active is active


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("AccessDeniedException", "Allow organizations:ListAccounts to"),
        ("AWSOrganizationsNotInUseException", ""),
    ],
)
def test_accounts_that_cannot_be_listed_are_none_and_a_sentence(
    field: Field, code: str, hint: str
) -> None:
    sessions = field.sessions()
    client = sessions.client(field.own, "organizations")
    failing(client, "ListAccounts", code, "No", times=1)

    found = organization_accounts(sessions, field.own)

    assert found.accounts == ()
    assert "Enter the account IDs instead." in found.sentence
    assert found.hint.startswith(hint)
    assert bool(found.hint) == bool(hint)


def test_it_gives_the_organizations_id(field: Field) -> None:
    assert (organization_id(field.sessions(), field.own) or "").startswith("o-")


def test_an_organization_that_may_not_be_read_is_unknown(field: Field) -> None:
    field.iam.detach_role_policy(RoleName="Access", PolicyArn=ADMINISTRATOR)

    assert organization_id(field.sessions(), field.reach) is None


@pytest.mark.parametrize("ask", [organization_accounts, organization_id])
def test_other_errors_of_the_organization_are_raised(field: Field, ask: Any) -> None:
    sessions = field.sessions()
    client = sessions.client(field.own, "organizations")
    for operation in ("ListAccounts", "DescribeOrganization"):
        failing(client, operation, "InvalidInputException", "No", times=1)

    with pytest.raises(AwsError, match="InvalidInputException"):
        ask(sessions, field.own)
