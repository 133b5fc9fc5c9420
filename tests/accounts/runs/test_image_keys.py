"""Accounts that launch from encrypted images, against an AWS that enforces IAM.

The emulator knows no key of another account: a proxy in front of it does, and reads the
policy of the key as KMS does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import ManagedAccount, ManagingAccount, Run
from accounts.models.states import Status
from accounts.runs.actions import remove
from onboarding.verify import keys
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
from tests.accounts.runs.key_policies import let, statements
from tests.strict_aws.keys import KeysOfOthers
from tests.strict_aws.proxy import StrictAws, strict_aws

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kms(here: Credentials) -> Any:
    return root(here, MANAGING, "kms")


@pytest.fixture(autouse=True)
def aws(here: Credentials, monkeypatch: pytest.MonkeyPatch) -> Iterator[StrictAws]:
    with strict_aws(here.endpoint, MANAGING.account_id, KeysOfOthers()) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        yield proxy


@pytest.fixture
def key(kms: Any) -> str:
    """Make a key that encrypts images, tell the managing account of it, and let two
    accounts make grants.
    """
    made: str = kms.create_key()["KeyMetadata"]["Arn"]
    ManagingAccount.objects.update(bakes=True, image_keys=[made])
    let(kms, made, DEV, STAGING)
    return made


def grantees(kms: Any, key: str) -> set[str]:
    """Give the ids of the accounts to which the key is granted."""
    grants = kms.list_grants(KeyId=key)["Grants"]
    return {grant["GranteePrincipal"].split(":")[4] for grant in grants}


def said(run: Run) -> str:
    return f"{(run.error or {})['message']} {(run.error or {})['hint']}"


def test_the_key_is_granted_to_each_account_that_launches(kms: Any, key: str) -> None:
    onboarded(member())
    onboarded(member(STAGING, providers={"lambda": {}}))

    assert grantees(kms, key) == {DEV.account_id}


def test_a_plan_shows_the_grant_after_the_role_that_needs_it(key: str) -> None:
    run = planned(member())

    kinds = list(run.steps.values_list("kind", flat=True))
    assert kinds.index("key grant") > kinds.index("service-linked role")
    assert run.steps.get(kind="key grant").account_id == DEV.account_id


def test_the_account_itself_makes_the_grant(kms: Any, key: str, aws: StrictAws) -> None:
    onboarded(member())

    made = [line for line in aws.log if "kms:CreateGrant" in line]
    assert made == [f"{DEV.account_id} kms:CreateGrant 200"]


def test_a_key_policy_that_does_not_let_the_account_is_found_when_planning(
    kms: Any, key: str
) -> None:
    let(kms, key, STAGING)

    run = planned(member())

    assert run.status == Status.FAILED
    assert not run.steps.exists()
    assert "doesn't allow kms:CreateGrant" in said(run)
    assert f"As account {MANAGING.account_id}, add these statements" in said(run)
    assert json.dumps(statements(DEV)) in said(run)


OTHER = DEV.arn("role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot")


def test_a_key_policy_for_another_grantee_is_found_when_planning(
    kms: Any, key: str
) -> None:
    let(kms, key, DEV, grantee=OTHER)

    run = planned(member())

    assert run.status == Status.FAILED
    assert not run.steps.exists()
    assert f"{key} doesn't allow kms:CreateGrant to account {DEV.account_id}" in said(
        run
    )
    assert json.dumps(statements(DEV)) in said(run)


def test_a_key_policy_that_bowline_may_not_read_is_left_to_aws(
    kms: Any, key: str, here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS then says no, and Bowline what the owner of the key can do."""
    let(kms, key, STAGING)
    monkeypatch.setattr(keys, "policy_of", lambda owner, grant: None)

    run = planned(member())

    assert run.status == Status.FAILED
    assert "kms:ListGrants" in said(run)
    assert json.dumps(statements(DEV)) in said(run)


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


def test_a_key_that_is_named_no_longer_is_taken_back(
    kms: Any, key: str, account
) -> None:
    ManagingAccount.objects.update(image_keys=[])
    ManagingAccount.objects.get().touch()

    onboarded(ManagedAccount.objects.get(pk=account.pk))

    assert grantees(kms, key) == set()


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
