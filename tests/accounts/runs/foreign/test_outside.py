"""Roles that a stack or Terraform manages are changed there, not by Bowline."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from accounts.mapping.managed import topology_of
from accounts.mapping.managing import managing_of
from accounts.models import FoundRoles, ManagedAccount, ManagingAccount
from accounts.models.states import Status
from accounts.runs.actions import plan
from accounts.runs.foreign.taking_over import take_over
from onboarding.desired import desired
from onboarding.handoff.cloudformation import in_tools
from script.emulated_organization import Credentials
from tests.accounts.runs.carried import DEV, carried, root
from tests.accounts.runs.foreign.taken import POWER_USER, ROLE, of_others, seen, took
from tests.accounts.runs.foreign.taken import account as account
from tests.accounts.runs.foreign.taken import iam as iam

pytestmark = pytest.mark.django_db(transaction=True)

STACK = "the CloudFormation stack spinnaker-managed in us-east-1"


def in_stack(here: Credentials, iam: Any, **more: Any) -> Any:
    """Let a stack make the role that is there, as people's stacks did."""
    role = iam.get_role(RoleName=ROLE)["Role"]
    iam.delete_role_policy(RoleName=ROLE, PolicyName="PassRole")
    iam.detach_role_policy(RoleName=ROLE, PolicyArn=POWER_USER)
    iam.delete_role(RoleName=ROLE)
    properties = {
        "RoleName": ROLE,
        "AssumeRolePolicyDocument": role["AssumeRolePolicyDocument"],
        "ManagedPolicyArns": [POWER_USER],
    }
    resource = {"Type": "AWS::IAM::Role", "Properties": properties, **more}
    stacks = root(here, DEV, "cloudformation")
    stacks.create_stack(
        StackName="spinnaker-managed",
        TemplateBody=json.dumps({"Resources": {"Managed": resource}}),
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    stacks.get_waiter("stack_create_complete").wait(
        StackName="spinnaker-managed", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    return stacks


@pytest.fixture
def stacked(iam: Any, here: Credentials, request: pytest.FixtureRequest) -> Any:
    """Leave the role to a stack before the account is onboarded."""
    stacks = in_stack(here, iam, DeletionPolicy="Retain")
    return stacks, request.getfixturevalue("account")


def test_a_role_of_a_stack_is_added_to_and_not_taken_over(
    stacked: Any, iam: Any
) -> None:
    _, account = stacked
    found = FoundRoles.objects.get(account=account)
    assert found.managed_by == {ROLE: STACK}
    assert found.taken == FoundRoles.Taken.OUTSIDE
    before = seen(iam)

    account.refresh_from_db()
    run = carried(take_over(account, None, of_others(account)))

    assert run.status == Status.FAILED
    assert f"{ROLE} is managed by {STACK}" in run.error["message"]
    assert account.name in run.error["hint"]
    assert seen(iam) == before


def test_a_role_that_its_stack_gave_up_can_be_taken_over(
    stacked: Any, iam: Any
) -> None:
    stacks, account = stacked
    stacks.delete_stack(StackName="spinnaker-managed")
    stacks.get_waiter("stack_delete_complete").wait(
        StackName="spinnaker-managed", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )

    took(account, of_others(account))

    assert seen(iam)["attached"] == set()
    found = FoundRoles.objects.get(account=account)
    assert (found.managed_by, found.taken) == ({}, FoundRoles.Taken.TRUST)


def test_a_role_that_its_tags_name_terraform_for_is_left_to_it(
    account: ManagedAccount, iam: Any
) -> None:
    iam.tag_role(RoleName=ROLE, Tags=[{"Key": "ManagedBy", "Value": "terraform"}])

    account.refresh_from_db()
    run = carried(take_over(account, None, of_others(account)))

    assert run.status == Status.FAILED
    assert "Terraform, as its tag “ManagedBy” says" in run.error["message"]


def test_what_the_page_shows_makes_the_role_as_planned_where_it_is_managed(
    stacked: Any, iam: Any
) -> None:
    _, account = stacked
    row = ManagingAccount.objects.get()
    topology = topology_of(managing_of(row), [account])
    wanted = desired(topology, *topology.managed)
    (one,) = in_tools(wanted, [ROLE])

    written = yaml.safe_load(one.cloudformation)
    trust = json.dumps(written["AssumeRolePolicyDocument"])
    iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=trust)
    for found in iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]:
        if found["PolicyArn"] not in written["ManagedPolicyArns"]:
            iam.detach_role_policy(RoleName=ROLE, PolicyArn=found["PolicyArn"])
    run = carried(plan(account, None))

    assert run.status == Status.VERIFIED, run.error
    assert FoundRoles.objects.get(account=account).taken == FoundRoles.Taken.KEPT
