"""An account as people left it, with a wide role, and what is taken over of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.models import (
    ForeignPolicy,
    ManagedAccount,
    Run,
)
from accounts.models.states import Status
from accounts.runs.foreign.taking_over import (
    take_over,
    undo,
)
from onboarding.resources.take_over import TakeOver
from script.emulated_organization import MANAGING, Account, Credentials
from tests.accounts.runs.carried import (
    DEV,
    carried,
    done,
    member,
    onboarded,
    root,
)

POWER_USER = "arn:aws:iam::aws:policy/PowerUserAccess"
ROLE = "spinnakerManaged"
PASS = {"Statement": [{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}]}
THEIR_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": MANAGING.arn("root")},
            "Action": "sts:AssumeRole",
        }
    ],
}


@pytest.fixture
def iam(here: Credentials) -> Any:
    return with_wide_role(here, DEV)


def with_wide_role(here: Credentials, account: Account) -> Any:
    """Leave the account as people did: with a wide role that Spinnaker uses today."""
    iam = root(here, account, "iam")
    iam.create_role(
        RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(THEIR_TRUST), Path="/"
    )
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=POWER_USER)
    iam.put_role_policy(
        RoleName=ROLE, PolicyName="PassRole", PolicyDocument=json.dumps(PASS)
    )
    return iam


@pytest.fixture
def account(iam: Any) -> ManagedAccount:
    account = member(adopts=True)
    onboarded(account)
    account.refresh_from_db()
    return account


def seen(iam: Any) -> dict[str, Any]:
    """Say what is on the role that isn't Bowline's, its trust, and whose it is."""
    attached = iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    inside = iam.list_role_policies(RoleName=ROLE)["PolicyNames"]
    role = iam.get_role(RoleName=ROLE)["Role"]
    return {
        "attached": {
            one["PolicyArn"] for one in attached if "/bowline/" not in one["PolicyArn"]
        },
        "inside": {name for name in inside if not name.startswith("Bowline")},
        "trust": role["AssumeRolePolicyDocument"]["Statement"],
        "tags": role.get("Tags", []),
    }


def of_others(account: ManagedAccount) -> TakeOver:
    found = ForeignPolicy.objects.of(account).values_list("alike", flat=True)
    return TakeOver(detaches=frozenset(found))


def took(account: ManagedAccount, choice: TakeOver) -> Run:
    account.refresh_from_db()
    run = done(carried(take_over(account, None, choice)))
    assert run.status == Status.VERIFIED, run.error
    return run


def gave_back(run: Run) -> Run:
    """Undo it by one press: it was approved with the step itself."""
    back = carried(undo(run, None))
    assert back.status == Status.VERIFIED, back.error
    return back
