"""A run that failed leads to its fix: the control, the statement, or the command."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.urls import resolve

from accounts.models import Run
from accounts.models.states import Status
from accounts.web.runs.views import Fixes, again, fixes_of
from onboarding.aws.errors import NOT_ENABLED, NOT_OURS
from tests.accounts.web.answers import url
from tests.rows import managing_row, run_row

pytestmark = pytest.mark.django_db

ENABLE = "aws account enable-region --region-name eu-south-1"


def failed(code: str, operation: str = "", hint: str = "", **fields: Any) -> Run:
    error = {"message": "No.", "hint": hint, "operation": operation, "code": code}
    return run_row(Status.FAILED, error=error, **fields)


def test_a_taken_name_leads_to_the_box_that_adopts() -> None:
    run = failed(NOT_OURS, "plan")

    adopt, rename = fixes_of(run).links

    assert adopt.label == "Keep and use existing roles"
    assert adopt.url == url(run.account, "access") + "#id_adopts"
    assert rename.url == "/managing/?edit=1#id_managed_role"


def test_a_taken_name_in_the_managing_account_leads_to_its_names_alone() -> None:
    run = failed(NOT_OURS, "plan", account=None, kind=Run.Kind.MANAGING)

    assert [link.url for link in fixes_of(run).links] == [
        "/managing/?edit=1#id_managed_role"
    ]


def test_a_region_leads_to_the_regions_and_has_the_command_to_copy() -> None:
    run = failed(NOT_ENABLED, "ec2:DescribeRegions", f"Enable it: {ENABLE}, as account")

    fixes = fixes_of(run)

    assert fixes.links[0].url == url(run.account, "access") + "#regions"
    assert [one.text for one in fixes.to_copy] == [ENABLE]


def test_a_denial_has_the_statement_to_copy() -> None:
    hint = "Allow iam:PutRolePolicy to the role Admin in account 1, then try again."

    fixes = fixes_of(failed("AccessDenied", "iam:PutRolePolicy", hint))

    assert json.loads(fixes.to_copy[0].text) == {
        "Effect": "Allow",
        "Action": "iam:PutRolePolicy",
        "Resource": "*",
    }


ROLE = "arn:aws:iam::922222222222:role/spinnakerManaged"


@pytest.mark.parametrize("ends", [").", " because no policy allows it).", ", at all)."])
def test_the_statement_is_for_what_aws_denied_the_call_on(ends: str) -> None:
    run = failed("AccessDenied", "iam:CreateRole", "Allow iam:CreateRole to the user.")
    run.error["message"] = f"(AccessDenied: no iam:CreateRole on resource: {ROLE}{ends}"

    (fix,) = fixes_of(run).to_copy

    assert json.loads(fix.text)["Resource"] == ROLE


@pytest.mark.parametrize(
    ("action", "resources"),
    [
        ("iam:PutRolePolicy", ["role/spinnakerManaged", "role/BaseIAMRole"]),
        ("iam:CreatePolicy", ["policy/bowline/*"]),
    ],
)
def test_the_statement_is_for_what_an_access_role_needs(action, resources) -> None:
    managing_row()
    run = failed("AccessDenied", action, f"Allow {action} to the role Admin.")
    run.error["account"] = own = run.account.account_id

    (fix,) = fixes_of(run).to_copy

    allowed = json.loads(fix.text)["Resource"]
    found = allowed if isinstance(allowed, list) else [allowed]
    assert {f"arn:aws:iam::{own}:{one}" for one in resources} <= {*found}


@pytest.mark.parametrize(
    ("kind", "hint", "says", "does"),
    [
        ("verify", "Plan again, review the plan, and approve.", "Plan again", "plan"),
        ("verify", "Attach the policy.", "Verify again", "run-again"),
        ("onboard", "Run it, then verify again.", "Verify again", "verify"),
        ("onboard", "Plan less, then plan again.", "Plan again", "run-again"),
        ("remove", "Then plan again.", "Plan the removal again", "run-again"),
    ],
)
def test_the_button_starts_what_the_fix_says(operator, kind, hint, says, does) -> None:
    run = failed("", hint=hint, kind=kind)

    shown = operator.get(run.get_absolute_url()).content.decode()

    assert re.findall(r">([A-Z][a-z ]+ again)</button>", shown) == [says]
    assert f'action="{again(run).url}"' in shown
    assert resolve(again(run).url).url_name == does


def test_a_denial_by_the_organization_has_no_statement_that_would_help() -> None:
    hint = "A service control policy of the organization denies iam:CreateRole."

    assert fixes_of(failed("AccessDenied", "iam:CreateRole", hint)) == Fixes()


def test_an_account_that_cannot_be_entered_leads_to_its_access_role() -> None:
    run = failed("AccessDenied", "sts:AssumeRole", "In account 1 the role must exist.")

    (link,) = fixes_of(run).links

    assert link.url == url(run.account, "access") + "#id_access_role"


def test_a_wrong_organization_leads_to_its_field() -> None:
    run = failed("", "organizations:DescribeOrganization", "Correct it.")

    assert [link.url for link in fixes_of(run).links] == [
        "/managing/?edit=1#id_organization"
    ]


@pytest.mark.parametrize("error", [None, {}, {"message": "This is a bug."}])
def test_what_only_its_sentence_fixes_leads_nowhere(error: Any) -> None:
    assert fixes_of(run_row(Status.FAILED, error=error)) == Fixes()


def test_the_page_of_the_run_shows_it(operator, managing) -> None:
    run = failed(NOT_OURS, "plan", "Delete it.")

    html = operator.get(run.get_absolute_url()).content.decode()

    assert (
        f'{url(run.account, "access")}#id_adopts">Keep and use existing roles' in html
    )


def test_whoever_cannot_change_it_gets_no_link(viewer, managing) -> None:
    run = failed(NOT_OURS, "plan", "Delete it.")

    assert "adopt it</a>" not in viewer.get(run.get_absolute_url()).content.decode()
