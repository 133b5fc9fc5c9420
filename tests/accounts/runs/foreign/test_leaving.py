"""An adopted account that leaves Bowline: AWS stays as it is, and Spinnaker may assume
its role, whatever is applied of others afterwards.
"""

from __future__ import annotations

from typing import Any

import pytest

from accounts.mapping.managing import managing_row
from accounts.models import ManagedAccount
from accounts.models.states import State, Status
from accounts.runs.actions import plan_managing, verify
from accounts.runs.deciding.forgetting import leave_in_aws
from accounts.runs.managing.kept_roles import take_role_off
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
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
from tests.accounts.runs.foreign.taken import ROLE
from tests.accounts.runs.foreign.taken import account as account
from tests.accounts.runs.foreign.taken import iam as iam
from tests.attack.freezing import assumed
from tests.rows import person

pytestmark = pytest.mark.django_db(transaction=True)

BOTH = {DEV.account_id, STAGING.account_id}


def everything(iam: Any) -> dict[str, Any]:
    """Read the account's roles and policies with their documents."""
    found = iam.get_account_authorization_details()
    return {kind: found[kind] for kind in ("RoleDetailList", "Policies")}


def policies_of_identity(here: Credentials) -> Any:
    return everything(root(here, MANAGING, "iam"))["Policies"]


def assume_as_spinnaker() -> str:
    """Assume the role as Spinnaker does: from its identity, with no external ID."""
    sessions = Sessions("as-spinnaker")
    identity = MANAGING.arn("role/SpinnakerAuthRole")
    spinnaker = sessions.assume(identity, session_name="Spinnaker")
    role = DEV.arn(f"role/{ROLE}")
    sessions.assume(role, session_name="Spinnaker", source=spinnaker)
    return ROLE


def test_what_left_can_be_assumed_after_another_account_is_applied(
    here: Credentials, account: ManagedAccount, iam: Any
) -> None:
    before, listed = everything(iam), policies_of_identity(here)

    leave_in_aws(account, person("approver"))
    other = member(STAGING)
    onboarded(other)

    assert everything(iam) == before
    assert listed != policies_of_identity(here)
    assert assumed(here) == BOTH
    assert assume_as_spinnaker() == ROLE

    again = carried(verify(other, None))
    assert (again.status, managing_row().state) == (Status.VERIFIED, State.VERIFIED)


def test_a_plan_of_the_managing_account_changes_nothing_of_what_left(
    here: Credentials, account: ManagedAccount, iam: Any
) -> None:
    listed = policies_of_identity(here)
    leave_in_aws(account, person("approver"))

    run = carried(plan_managing(None))

    assert (run.status, run.steps.count()) == (Status.VERIFIED, 0)
    assert policies_of_identity(here) == listed


def test_a_role_is_taken_off_by_an_approved_plan_of_the_managing_account(
    here: Credentials, account: ManagedAccount, iam: Any
) -> None:
    onboarded(member(STAGING))
    leave_in_aws(account, person("approver"))
    take_role_off(person("operator"), arn=DEV.arn(f"role/{ROLE}"))
    other = ManagedAccount.objects.get()
    checked = carried(verify(other, None))
    assert (checked.status, managing_row().state) == (Status.VERIFIED, State.OUTDATED)

    run = carried(plan_managing(None))

    assert run.status == Status.PLANNED
    assert assumed(here) == BOTH
    assert done(run).status == Status.VERIFIED
    assert assumed(here) == {STAGING.account_id}
    with pytest.raises(AwsError):
        assume_as_spinnaker()


def test_what_is_added_again_is_listed_once_and_no_longer_kept(
    here: Credentials, account: ManagedAccount, iam: Any
) -> None:
    listed = policies_of_identity(here)
    leave_in_aws(account, person("approver"))
    again = member(adopts=True)
    assert assumed(here) == {DEV.account_id}

    run = done(planned(again))

    assert run.status == Status.VERIFIED, run.error
    assert managing_row().kept_roles == []
    assert policies_of_identity(here) == listed
    checked = carried(verify(again, None))
    assert checked.status == Status.VERIFIED, checked.error
