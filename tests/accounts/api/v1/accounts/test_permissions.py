"""What Spinnaker may do in an account, by the API, for whoever reviews it."""

from __future__ import annotations

import pytest

from accounts.models.states import State
from onboarding.desired import POLICY_SET
from tests.accounts.web.permissions.found import read_roles
from tests.rows import account_row, managing_row

PATH = "/accounts/staging/permissions"


def test_it_has_each_action_with_its_reason_and_who_may_assume_the_role(reader):
    managing_row()
    account = account_row()

    answer = reader.read(PATH)

    assert answer.status_code == 200, answer.content
    shown = answer.json()
    assert shown["page"] == f"http://testserver/accounts/{account.pk}/permissions/"
    assert (shown["policy_set"], shown["is_as_verified"]) == (POLICY_SET, False)
    actions = {one["action"]: one for one in shown["allowed"]}
    assert actions["ec2:RunInstances"]["reason"]
    assert actions["ec2:RunInstances"]["sources"]
    assert any("sts:AssumeRole" in str(one["Action"]) for one in shown["trust"])
    assert shown["chain"]
    assert shown["other_roles"]
    assert shown["identity_allowed"]


@pytest.mark.parametrize("is_read", [False, True])
def test_only_what_was_read_is_as_verified(reader, is_read, managing):
    account = account_row(state=State.VERIFIED, policy_set=POLICY_SET)
    if is_read:
        read_roles(account)

    assert reader.read(PATH).json()["is_as_verified"] is is_read
