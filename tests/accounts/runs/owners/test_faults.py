"""What an owner may get wrong, or change later: each is named within two looks."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import FoundRoles, ManagedAccount, ManagingAccount, Run
from accounts.models.states import State, Status
from accounts.runs.actions import verify
from accounts.runs.owners.looking import DIFFERS, NOT_YET
from onboarding.topology import READER_ROLE
from script.emulated_organization import Credentials
from tests.accounts.runs.carried import DEV, MEMBERS, carried, done, planned, root
from tests.accounts.runs.owners.owning import (
    account,
    deploy,
    looked,
    owned,
    ready_to_hand_off,
)
from tests.onboarding.aws.field import trusting

pytestmark = pytest.mark.django_db(transaction=True)

READERS = pytest.mark.parametrize("reader", ["", READER_ROLE], ids=["none", "reader"])
ROLE = "spinnakerManaged"
DEPLOY_AGAIN = "Deploy the template that was handed off again"


def handed_off(here: Credentials, reader: str) -> Run:
    ready_to_hand_off(here)
    run = done(planned(owned(reader_role=reader)))
    assert run.status == Status.HANDED_OFF, run.error
    return run


def verified(here: Credentials, reader: str) -> None:
    run = handed_off(here, reader)
    deploy(here, account())
    assert looked(run).status == Status.VERIFIED


def verified_again() -> Run:
    return carried(verify(account(), None))


def identity() -> str:
    managing = ManagingAccount.objects.get()
    return f"arn:aws:iam::{managing.account_id}:role/SpinnakerAuthRole"


def trust(here: Credentials, principal: str, **statement: Any) -> None:
    """Do as the owner: edit whom the role trusts."""
    root(here, DEV, "iam").update_assume_role_policy(
        RoleName=ROLE, PolicyDocument=trusting(principal, **statement)
    )


def edit_policy(here: Credentials) -> None:
    """Do as the owner: take a policy from the role that no check reads."""
    iam = root(here, DEV, "iam")
    (name, *_) = iam.list_role_policies(RoleName=ROLE)["PolicyNames"]
    iam.delete_role_policy(RoleName=ROLE, PolicyName=name)


@READERS
def test_a_template_in_another_account_is_waited_for(
    here: Credentials, reader: str
) -> None:
    run = handed_off(here, reader)
    deploy(here, account(), where=MEMBERS[2])

    said = [looked(run).waiting for _ in range(2)]

    assert said == [NOT_YET, NOT_YET]
    assert account().state == State.HANDED_OFF


def test_without_a_reader_a_trust_of_others_looks_like_no_role(
    here: Credentials,
) -> None:
    run = handed_off(here, "")
    deploy(here, account())
    trust(here, f"arn:aws:iam::{DEV.account_id}:root")

    assert looked(run).waiting == NOT_YET


def test_with_a_reader_a_trust_of_others_is_named_while_waiting(
    here: Credentials,
) -> None:
    run = handed_off(here, READER_ROLE)
    deploy(here, account())
    trust(here, f"arn:aws:iam::{DEV.account_id}:root")

    said = looked(run).waiting

    assert said == f"{DIFFERS}update role {ROLE}"


def test_a_trust_without_the_external_id_is_named_without_any_reader(
    here: Credentials,
) -> None:
    run = handed_off(here, "")
    deploy(here, account())
    trust(here, identity())

    found = looked(run)

    assert found.status == Status.FAILED
    assert (
        "its trust policy doesn't require the account's external ID"
        in (found.error["message"])
    )
    assert found.error["hint"].startswith(DEPLOY_AGAIN)
    assert not ManagedAccount.objects.ready().exists()


@READERS
def test_an_external_id_removed_later_is_named(here: Credentials, reader: str) -> None:
    verified(here, reader)
    trust(here, identity())

    found = verified_again()

    assert found.status == Status.FAILED
    wrong = found.checks.get(name="A wrong external ID is denied")
    assert "doesn't require the account's external ID" in wrong.sentence
    assert wrong.fix.startswith(DEPLOY_AGAIN)


@READERS
def test_another_external_id_is_named(here: Credentials, reader: str) -> None:
    verified(here, reader)
    other = {"Condition": {"StringEquals": {"sts:ExternalId": "another"}}}
    trust(here, identity(), **other)

    found = verified_again()

    failed = found.checks.get(name="Assume the managed role")
    assert "AWS refused it" in failed.sentence
    assert failed.fix.startswith(DEPLOY_AGAIN)
    # Without a reader nobody can read that trust.
    assert failed.located == ("a condition" if reader else "the owner's side")


@pytest.mark.smoke
def test_with_a_reader_an_edited_policy_is_drift(here: Credentials) -> None:
    verified(here, READER_ROLE)
    edit_policy(here)

    found = verified_again()

    assert found.status == Status.FAILED
    assert account().state == State.DRIFTED
    left = found.checks.get(name__startswith=f"Compare {DEV.name} with AWS")
    assert left.outcome == "failed"
    assert "AWS differs from what was approved: create inline policy" in left.sentence
    again = verified_again().checks.get(name=left.name)
    assert left.fix.startswith(DEPLOY_AGAIN)
    assert again.fix == left.fix


def test_without_a_reader_an_edited_policy_is_not_proved_from_here(
    here: Credentials,
) -> None:
    verified(here, "")
    edit_policy(here)

    found = verified_again()

    assert found.status == Status.VERIFIED, found.error
    left = found.checks.get(name__startswith=f"Compare {DEV.name} with AWS")
    assert left.outcome == "not testable"
    assert left.sentence.startswith("Verified by the role chain. Its policies weren't")
    read = FoundRoles.objects.of(account())
    assert read.get().unread
    approved = found.checks.filter(name__startswith="No unapproved policies")
    assert not approved.filter(name__contains=DEV.name).exists()


def test_of_what_differs_one_change_is_named_and_the_rest_counted(
    here: Credentials,
) -> None:
    run = handed_off(here, READER_ROLE)
    deploy(here, account())
    iam = root(here, DEV, "iam")
    for attached in iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=ROLE, PolicyArn=attached["PolicyArn"])

    said = looked(run).waiting

    assert said.startswith(f"{DIFFERS}create attachment {ROLE}/Bowline")
    assert said.endswith(" more")
