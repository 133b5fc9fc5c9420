"""Accounts that launch from encrypted images, against an AWS that enforces IAM."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import ManagedAccount, ManagingAccount
from accounts.models.states import Status
from accounts.runs.actions import keep, remove, verify
from script.emulated_organization import MANAGING, Credentials
from tests.accounts.runs.carried import (
    DEV,
    STAGING,
    carried,
    done,
    member,
    onboarded,
    planned,
    root,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kms(here: Credentials) -> Any:
    return root(here, MANAGING, "kms")


@pytest.fixture
def key(kms: Any) -> str:
    """Make a key that encrypts images, and tell the managing account of it."""
    made: str = kms.create_key()["KeyMetadata"]["Arn"]
    ManagingAccount.objects.update(bakes=True, image_keys=[made])
    return made


def grantees(kms: Any, key: str) -> set[str]:
    """Give the ids of the accounts to which the key is granted."""
    grants = kms.list_grants(KeyId=key)["Grants"]
    return {grant["GranteePrincipal"].split(":")[4] for grant in grants}


def test_the_key_is_granted_to_each_account_that_launches(kms: Any, key: str) -> None:
    onboarded(member())
    onboarded(member(STAGING, providers={"lambda": {}}))

    assert grantees(kms, key) == {DEV.account_id}


def test_a_plan_shows_the_grant_after_the_role_that_needs_it(key: str) -> None:
    run = planned(member())

    kinds = list(run.steps.values_list("kind", flat=True))
    assert kinds.index("key grant") > kinds.index("service-linked role")
    assert run.steps.get(kind="key grant").account_id == MANAGING.account_id


def test_an_account_of_its_own_run_leaves_the_grants_of_others(
    kms: Any, key: str
) -> None:
    onboarded(member())
    onboarded(member(STAGING))

    assert grantees(kms, key) == {DEV.account_id, STAGING.account_id}


def test_a_removed_account_loses_the_key(kms: Any, key: str) -> None:
    onboarded(member(STAGING))
    account = member()
    onboarded(account)
    account.refresh_from_db()

    run = done(carried(remove(account, None)))

    assert run.status == Status.REMOVED, run.error
    assert grantees(kms, key) == {STAGING.account_id}


def test_an_account_that_no_longer_launches_loses_the_key(kms: Any, key: str) -> None:
    account = member()
    onboarded(account)
    account.providers.update(details={"access": "read"})
    account.touch()

    onboarded(account)

    assert grantees(kms, key) == set()


def test_a_key_that_is_named_no_longer_is_taken_back(kms: Any, key: str) -> None:
    account = member()
    onboarded(account)
    ManagingAccount.objects.update(image_keys=[])
    ManagingAccount.objects.get().touch()

    onboarded(ManagedAccount.objects.get(pk=account.pk))

    assert grantees(kms, key) == set()


def test_a_grant_that_somebody_revoked_is_drift(kms: Any, key: str) -> None:
    account = member()
    onboarded(account)
    (grant,) = kms.list_grants(KeyId=key)["Grants"]
    kms.revoke_grant(KeyId=key, GrantId=grant["GrantId"])

    run = carried(verify(ManagedAccount.objects.get(pk=account.pk), None, send=keep))

    assert run.status == Status.FAILED
    assert "create key grant" in run.error["message"]


def test_a_key_whose_policy_shuts_bowline_out_is_said(kms: Any, key: str) -> None:
    owner = f"arn:aws:iam::{MANAGING.account_id}:root"
    only = {"Effect": "Allow", "Principal": {"AWS": owner}, "Resource": "*"}
    shut = {"Version": "2012-10-17", "Statement": [{**only, "Action": "kms:Put*"}]}
    kms.put_key_policy(
        KeyId=key, PolicyName="default", Policy=str(shut).replace("'", '"')
    )

    run = planned(member())

    assert run.status == Status.FAILED
    assert "kms:ListGrants" in run.error["message"]
