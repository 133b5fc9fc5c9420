"""Plans against an AWS that enforces IAM, and what keeps one from being made."""

from __future__ import annotations

import pytest

from accounts.states import Status
from script.emulated_organization import ACCESS_ROLE, HANDMADE, UNTRUSTING, Credentials
from tests.accounts.runs.carried import DEV, member, planned, root

pytestmark = pytest.mark.django_db(transaction=True)


def test_planning_changes_nothing_in_aws(here: Credentials) -> None:
    run = planned(member())

    roles = root(here, DEV, "iam").list_roles()["Roles"]
    assert run.status == Status.PLANNED
    assert {step.verb for step in run.steps.all()} == {"create"}
    assert "spinnakerManaged" not in {role["RoleName"] for role in roles}


def test_an_access_role_that_does_not_trust_bowline_is_named(
    here: Credentials,
) -> None:
    run = planned(member(UNTRUSTING))

    assert run.status == Status.FAILED
    assert run.error["account"] == UNTRUSTING.account_id
    assert f"role/{ACCESS_ROLE}" in run.error["message"]
    assert "trust policy" in run.error["hint"]


def test_a_handmade_role_is_not_touched(here: Credentials) -> None:
    run = planned(member(HANDMADE))

    assert run.status == Status.FAILED
    assert "spinnakerManaged" in run.error["message"]
    assert "not made by Bowline" in run.error["message"]
    assert "adopt" in run.error["hint"]


def test_bowlines_own_bad_credentials_are_blamed_first(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")

    run = planned(member())

    assert run.status == Status.FAILED
    assert run.error["message"].startswith("Bowline's own AWS credentials")
