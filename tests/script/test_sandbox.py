"""script/sandbox makes roles in two accounts, removes them, and says what it found."""

from __future__ import annotations

import os
import subprocess
from functools import partial
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from script.emulated_organization import (
    ACCESS_ROLE,
    MANAGING,
    MEMBERS,
    Credentials,
    Edge,
)
from script.sandbox import Asked, Part, Trial, exists

UNTRUSTING = MEMBERS[5]
DATA = MEMBERS[4]
ASKED = Asked("1" * 12, "2" * 12, "BowlineAccess", "us-east-1", yes=False)


def tried(
    here: Credentials, account: str, *options: str, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    command = ["script/sandbox", MANAGING.account_id, account]
    return subprocess.run(
        [*command, "--access-role", ACCESS_ROLE, *options],
        env=os.environ | here.environment,
        capture_output=True,
        input=typed,
        text=True,
    )


def everything(here: Credentials) -> list[str]:
    """List the roles and policies of both accounts."""
    found = []
    for account in (MANAGING, DATA):
        iam: Any = Edge(boto3.Session(), here.endpoint, account).client("iam")
        found += [role["Arn"] for role in iam.list_roles()["Roles"]]
        policies = iam.list_policies(Scope="Local")["Policies"]
        found += [policy["Arn"] for policy in policies]
    return sorted(arn for arn in found if ":role/aws-service-role/" not in arn)


@pytest.mark.exhaustive
def test_it_makes_roles_removes_them_and_reports(
    own_organization: Credentials,
) -> None:
    before = everything(own_organization)

    run = tried(own_organization, DATA.account_id, "--yes")

    assert run.returncode == 0, run.stdout + run.stderr
    assert "create role spinnakerManaged" in run.stderr
    for row in (
        "| Make the account's roles, to read Lambda | verified | verified |",
        "| Plan again | 0 changes, verified | 0 changes, verified |",
        "| Add EC2, and deploy with Lambda | verified | verified |",
        "| Build a bundle | ready | ready |",
        "| Remove the account's roles | removed | removed |",
        "| Remove the managing account's roles | removed | removed |",
        "| Search for what is left | nothing | nothing |",
    ):
        assert row in run.stdout
    assert MANAGING.account_id not in run.stdout
    assert DATA.account_id not in run.stdout
    assert everything(own_organization) == before


@pytest.mark.parametrize("typed", ["no\n", "yes\nyes\nno\nyes\n", "yes\nyes\n"])
@pytest.mark.exhaustive
def test_what_nobody_approves_is_not_made(
    own_organization: Credentials, typed: str
) -> None:
    """What was made before is removed; at the end of the input, nobody approves that
    either.
    """
    before = everything(own_organization)

    run = tried(own_organization, DATA.account_id, typed=typed)

    assert run.returncode == 1
    if typed.count("\n") == 2:
        assert "EOFError" in run.stdout
        assert "| Search for what is left | nothing | **Bowline" in run.stdout
    else:
        assert "It wasn't approved." in run.stdout
        assert everything(own_organization) == before


@pytest.mark.exhaustive
def test_an_account_that_cannot_be_entered_is_said(
    own_organization: Credentials,
) -> None:
    before = everything(own_organization)

    run = tried(own_organization, UNTRUSTING.account_id, "--yes")

    assert run.returncode == 1
    assert "**failed**" in run.stdout
    assert everything(own_organization) == before


def test_the_report_has_no_account_id_and_marks_what_is_wrong() -> None:
    trial: Any = SimpleNamespace(
        asked=ASKED,
        parts=[Part("A", "ready", "ready", 3, 2.4), Part("B", "yes", "no")],
        faults=["role/x in 222222222222", "role/x in 222222222222"],
    )
    trial.asked = ASKED._replace(account="123456789012")
    trial.faults = ["role/x in 123456789012"] * 2

    report = Trial.report(trial)

    assert "| A | ready | ready | 3 | 2 |\n| B | yes | **no** | 0 | 0 |" in report
    assert report.endswith("What else was found:\n- role/x in 222222222222")


def refused(code: str) -> None:
    raise ClientError({"Error": {"Code": code}}, "GetRole")


def test_only_what_aws_does_not_know_does_not_exist() -> None:
    assert exists(lambda: None)
    assert not exists(partial(refused, "NoSuchEntity"))
    with pytest.raises(ClientError):
        exists(partial(refused, "AccessDenied"))
