"""Many accounts whose roles the organization creates by one StackSet."""

from __future__ import annotations

import pytest

from accounts.models import HandOff, ManagedAccount, ManagingAccount, Rollout, Run
from accounts.models.states import State, Status
from accounts.runs import rollouts
from accounts.runs.actions import RunOpen, plan, plan_managing, verify
from accounts.runs.owners.looking import look_at_owners, look_soon
from accounts.runs.rollouts.census import runs_of
from onboarding.handoff.hand_off import HandOffPackage
from onboarding.topology import READER_ROLE
from script.emulated_organization import (
    ACCESS_ROLE,
    ADMINISTRATOR,
    MEMBERS,
    Credentials,
)
from tests.accounts.runs.carried import carried, done, member, root
from tests.accounts.runs.owners.owning import handed_out
from tests.accounts.runs.rollouts.rows import approved, statuses, work
from tests.strict_aws.calls import Calls

pytestmark = pytest.mark.django_db(transaction=True)

THREE = MEMBERS[:3]


def of_organization(here: Credentials) -> list[ManagedAccount]:
    """Describe three accounts, in which Bowline has no role."""
    done(carried(plan_managing(None)))
    for which in THREE:
        iam = root(here, which, "iam")
        iam.detach_role_policy(RoleName=ACCESS_ROLE, PolicyArn=ADMINISTRATOR)
        iam.delete_role(RoleName=ACCESS_ROLE)
    prefix = ManagingAccount.objects.get().external_id_prefix
    return [
        member(
            which,
            made_by="organization",
            access_role="",
            reader_role=READER_ROLE,
            external_id_prefix=prefix,
        )
        for which in THREE
    ]


def handed_off(accounts: list[ManagedAccount]) -> Rollout:
    rollout = rollouts.start(accounts, Rollout.Kind.ONBOARD, None)
    work(rollout)
    approved(rollout)
    work(rollout)
    rollout.refresh_from_db()
    return rollout


def deploy_everywhere(here: Credentials, given: HandOffPackage) -> None:
    """Do as CloudFormation: the one template, with the same parameter everywhere."""
    (stack,) = given.stack_sets
    for which in THREE:
        root(here, which, "cloudformation").create_stack(
            StackName=f"StackSet-{stack.name}",
            TemplateBody=stack.template.text,
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in stack.parameters.items()
            ],
        )


def test_one_template_makes_three_accounts_verified(
    here: Credentials, calls: Calls
) -> None:
    accounts = of_organization(here)
    calls.made.clear()
    rollout = handed_off(accounts)

    assert statuses(rollout) == {Status.HANDED_OFF: 3}
    assert rollout.state == Rollout.State.FINISHED
    assert HandOff.objects.values("text", "stack_name").distinct().count() == 1
    given = handed_out(accounts[0])
    assert given.digest == HandOff.objects.latest("pk").text_id
    deploy_everywhere(here, given)
    for run in runs_of(rollout):
        look_soon(run, None)
    calls.made.clear()
    look_at_owners()
    became = [call for call in calls.made if "AssumeRole" in call]

    for run in runs_of(rollout):
        found = carried(run)
        assert found.status == Status.VERIFIED, found.error
    rows = ManagedAccount.objects.all()
    assert {row.state for row in rows} == {State.VERIFIED}
    prefix = ManagingAccount.objects.get().external_id_prefix
    sent = {row.verified["managed"]["external_id"] for row in rows}
    assert sent == {f"{prefix}-{which.account_id}" for which in THREE}
    # Spinnaker's identity once, and then each account's two roles.
    assert len(became) <= 1 + 2 * len(THREE), became


def test_a_newer_plan_takes_the_place_of_what_a_rollout_handed_off(
    here: Credentials,
) -> None:
    first, *others = of_organization(here)
    rollout = handed_off([first, *others])

    with pytest.raises(RunOpen, match="is waiting for an owner"):
        verify(first, None)
    plan(first, None)
    again = rollouts.start(others, Rollout.Kind.ONBOARD, None)

    replaced = Run.objects.filter(rollout=rollout, account__isnull=False)
    assert {run.status for run in replaced} == {Status.DISCARDED}
    assert runs_of(again).count() == len(others)
