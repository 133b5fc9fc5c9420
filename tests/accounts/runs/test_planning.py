"""Plans against an AWS that enforces IAM, and what keeps one from being made."""

from __future__ import annotations

import pytest

from accounts.mapping.plans import plan_of
from accounts.models import EnabledProvider
from accounts.models.states import Status
from accounts.runs.actions import plan_managing, remove
from script.emulated_organization import ACCESS_ROLE, HANDMADE, UNTRUSTING, Credentials
from tests.accounts.runs.carried import (
    DEV,
    STAGING,
    carried,
    member,
    onboarded,
    planned,
    root,
    with_managing,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_planning_changes_nothing_in_aws(here: Credentials) -> None:
    run = planned(member())

    roles = root(here, DEV, "iam").list_roles()["Roles"]
    assert run.status == Status.PLANNED
    assert {step.verb for step in run.steps.all()} == {"create"}
    assert run.plan_digest == plan_of(run).digest
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
    assert "wasn't created by Bowline" in run.error["message"]
    assert run.error["hint"].startswith("Keep existing roles in the account's Access")


def test_bowlines_own_bad_credentials_are_blamed_first(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_managing()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")

    run = planned(member())

    assert run.status == Status.FAILED
    assert run.error["message"].startswith("Bowline's own AWS credentials")


def test_two_accounts_of_the_same_choices_have_the_same_signature(
    here: Credentials,
) -> None:
    one, other = planned(member(DEV)), planned(member(STAGING))

    assert one.status == Status.PLANNED
    assert one.fingerprint
    assert one.fingerprint == other.fingerprint


def test_an_account_of_other_choices_has_another_signature(here: Credentials) -> None:
    one = planned(member(DEV))
    other = planned(member(STAGING, providers={"ec2": {}, "lambda": {}}))

    assert other.fingerprint
    assert one.fingerprint != other.fingerprint


def test_a_discouraged_choice_that_exists_gives_a_plan_another_signature(
    here: Credentials,
) -> None:
    """Its changes are those of others: what is discouraged would be read by nobody."""
    plain, power = (
        onboarded(member(account, providers={"ec2": details})).account
        for account, details in ((DEV, {}), (STAGING, {"access": "power-user"}))
    )
    for account in (plain, power):
        EnabledProvider.objects.create(account=account, key="lambda", has_details=True)

    one, other = planned(plain), planned(power)

    assert [str(change.key.name) for change in plan_of(one).changes] == [
        str(change.key.name) for change in plan_of(other).changes
    ]
    assert other.fingerprint
    assert one.fingerprint != other.fingerprint


def test_an_account_called_like_a_word_of_its_plan_has_the_same_signature(
    here: Credentials,
) -> None:
    one = planned(member(DEV))
    other = member(STAGING)
    other.name = "ec2"
    other.save()

    assert planned(other).fingerprint == one.fingerprint


def test_newer_policies_have_the_same_signature_where_others_stand_beside(
    here: Credentials,
) -> None:
    runs = [onboarded(member(account)) for account in (DEV, STAGING)]
    for run in runs:
        account = run.account
        EnabledProvider.objects.create(account=account, key="lambda", has_details=True)
    one, other = (planned(run.account) for run in runs)

    assert one.fingerprint
    assert one.fingerprint == other.fingerprint


def test_a_plan_that_is_to_be_approved_alone_has_no_signature(
    here: Credentials,
) -> None:
    managing = carried(plan_managing(None))
    account = onboarded(member()).account
    removal = carried(remove(account, None))

    assert managing.status == removal.status == Status.PLANNED
    assert managing.fingerprint == removal.fingerprint == ""
