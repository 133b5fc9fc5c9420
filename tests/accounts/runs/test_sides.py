"""Both sides of a run against an AWS that enforces IAM, and what they remember."""

from __future__ import annotations

import pytest

from accounts.models import ManagedAccount, ManagingAccount
from accounts.models.states import Status
from accounts.runs.actions import keep, plan_managing, verify
from script.emulated_organization import MANAGING, Credentials
from tests.accounts.runs.carried import (
    DEV,
    EVERYTHING,
    STAGING,
    carried,
    done,
    member,
    onboarded,
    planned,
    root,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_second_account_leaves_the_first_one_in_the_policy(
    here: Credentials,
) -> None:
    onboarded(member())
    onboarded(member(STAGING))

    run = carried(verify(ManagedAccount.objects.get(name=DEV.name), None))

    assert run.status == Status.VERIFIED, run.error


def test_the_managing_account_is_usually_managed_too(here: Credentials) -> None:
    account = member(MANAGING, access_role="")

    run = onboarded(account)

    assert {step.account_id for step in run.steps.all()} == {MANAGING.account_id}


def test_a_chain_that_is_no_longer_wanted_is_taken_away(here: Credentials) -> None:
    account = member(providers={"ec2": {}, "eks": EVERYTHING["eks"]})
    onboarded(account)
    account.providers.get(key="ec2").delete()
    account.touch()

    run = done(planned(account))

    roles = root(here, DEV, "iam").list_roles()["Roles"]
    assert run.status == Status.EVALUATED, run.error
    assert not {"spinnakerManaged", "BaseIAMRole"} & {r["RoleName"] for r in roles}


def test_an_identity_that_was_renamed_is_taken_away(here: Credentials) -> None:
    done(carried(plan_managing(None, send=keep)))
    managing = ManagingAccount.objects.get()
    managing.identity_name = "SpinnakerOtherRole"
    managing.save()
    managing.touch()

    run = carried(plan_managing(None, send=keep))

    deleted = {(s.kind, s.name) for s in run.steps.filter(verb="delete")}
    assert ("role", "SpinnakerAuthRole") in deleted
    assert ("instance profile", "SpinnakerAuthRole") in deleted
