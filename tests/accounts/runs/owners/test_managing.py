"""A managing account whose owner creates the identity: no right there is Bowline's but
to assume two roles, so each write in it would be refused and fail the run.
"""

from __future__ import annotations

import uuid

import pytest

from accounts.mapping.handing_off import hand_off_of_managing
from accounts.mapping.managing import managing_row
from accounts.models import HandOff, ManagedAccount, ManagingAccount, Rollout, Run
from accounts.models.states import State, Status
from accounts.runs import rollouts
from accounts.runs.actions import plan, plan_managing, remove, verify
from accounts.runs.managing import applying
from accounts.runs.owners.hand_offs import (
    ManagingNotVerified,
    ManagingUnplanned,
    hand_off_for,
)
from accounts.runs.owners.looking import NOT_YET
from accounts.runs.rollouts.census import managing_run
from script.emulated_organization import (
    BOWLINE,
    MANAGING,
    Credentials,
    document,
)
from tests.accounts.runs.carried import DEV, STAGING, carried, done, member, planned
from tests.accounts.runs.carried import root as owner_of
from tests.accounts.runs.owners.owning import deploy, looked, owned
from tests.accounts.runs.owners.test_handed_off_run import written
from tests.accounts.runs.rollouts.rows import approved, statuses, work
from tests.strict_aws.calls import Calls

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mine(here: Credentials) -> Credentials:
    """Take all of Bowline's rights in the managing account, but to assume roles."""
    iam = owner_of(here, MANAGING, "iam")
    iam.detach_user_policy(
        UserName=BOWLINE, PolicyArn=MANAGING.arn(f"policy/{BOWLINE}")
    )
    iam.put_user_policy(
        UserName=BOWLINE,
        PolicyName="enter",
        PolicyDocument=document({"Action": "sts:AssumeRole", "Resource": "*"}),
    )
    ManagingAccount.objects.update(made_by="owner")
    return here


def deploy_managing(here: Credentials) -> None:
    """Do as the owner: deploy what was handed off last."""
    given = hand_off_of_managing(managing_row())
    stacks = owner_of(here, MANAGING, "cloudformation")
    (stack,) = given.stacks
    found = {one["StackName"] for one in stacks.describe_stacks()["Stacks"]}
    verb = stacks.update_stack if stack.name in found else stacks.create_stack
    verb(
        StackName=stack.name,
        TemplateBody=stack.template.text,
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )


@pytest.fixture
def verified(mine: Credentials) -> Credentials:
    run = done(carried(plan_managing(None)))
    assert run.status == Status.HANDED_OFF, run.error
    deploy_managing(mine)
    found = looked(run)
    assert found.status == Status.VERIFIED, found.error
    return mine


def test_it_waits_for_its_owner_and_becomes_verified_by_the_walk(
    mine: Credentials, calls: Calls
) -> None:
    with pytest.raises(ManagingUnplanned):
        hand_off_for(managing_row())
    run = done(carried(plan_managing(None)))

    assert run.status == Status.HANDED_OFF, run.error
    assert managing_row().state == State.HANDED_OFF
    assert looked(run).waiting == NOT_YET
    deploy_managing(mine)
    found = looked(run)
    assert found.status == Status.VERIFIED, found.error
    assert managing_row().state == managing_row().verification == State.VERIFIED
    assert {check.outcome for check in found.checks.all()} == {"passed"}
    assert {step.message for step in found.steps.all()} == {
        "Done by the account owner."
    }
    assert written(calls) == []
    assert HandOff.objects.of_managing().get().number == 1


def test_roles_that_trust_the_identity_wait_until_it_was_seen(
    mine: Credentials,
) -> None:
    with pytest.raises(ManagingNotVerified, match="owner of spinnakermanaging creates"):
        plan(member(), None)

    assert not Run.objects.exists()


def test_an_account_waits_until_the_owner_deployed_the_next_list(
    verified: Credentials,
) -> None:
    run = done(planned(member()))

    assert run.status == Status.HANDED_OFF, run.error
    assert HandOff.objects.of_managing().first().number == 2
    waiting = looked(run)
    assert waiting.status == Status.HANDED_OFF
    assert waiting.waiting.startswith("The owner of spinnakermanaging hasn't deployed")
    assert waiting.waiting.endswith("BowlineAssumeManaged")
    assert managing_row().state == State.VERIFIED
    deploy_managing(verified)
    found = looked(run)
    assert found.status == Status.VERIFIED, found.error
    assert managing_row().state == State.VERIFIED
    assert ManagedAccount.objects.ready().get().name == DEV.name


def test_a_second_account_does_not_wait_for_the_first_ones_line(
    verified: Credentials,
) -> None:
    first, second = done(planned(member())), done(planned(member(STAGING)))
    deploy_managing(verified)

    assert looked(first).status == Status.VERIFIED
    second.refresh_from_db()
    assert looked(second).status == Status.VERIFIED
    again = carried(plan_managing(None))
    assert again.status == Status.VERIFIED, again.error


def test_both_owners_are_waited_for(verified: Credentials, calls: Calls) -> None:
    run = done(planned(owned()))
    calls.made.clear()

    assert managing_row().state == managing_row().verification == State.VERIFIED
    assert looked(run).waiting.endswith("BowlineAssumeManaged")
    deploy_managing(verified)
    assert looked(run).waiting == NOT_YET
    deploy(verified, ManagedAccount.objects.get())
    found = looked(run)
    assert found.status == Status.VERIFIED, found.error
    assert written(calls) == []


def test_a_rollout_waits_for_one_version_of_the_list(verified: Credentials) -> None:
    accounts = [member(DEV), member(STAGING)]
    rollout = rollouts.start(accounts, Rollout.Kind.ONBOARD, None)
    work(rollout)
    approved(rollout)

    work(rollout)
    run = managing_run(rollout)
    assert run is not None
    assert run.status == Status.HANDED_OFF, run.error
    assert statuses(rollout) == {Status.APPROVED: 2}
    rollout.refresh_from_db()
    assert not rollout.has_ended
    assert HandOff.objects.of_managing().first().number == 2
    deploy_managing(verified)
    assert looked(run).status == Status.VERIFIED
    work(rollout)

    rollout.refresh_from_db()
    assert [run.error for run in rollout.runs.all() if run.error] == []
    assert statuses(rollout) == {Status.VERIFIED: 2}
    assert rollout.state == Rollout.State.FINISHED


def test_a_removal_leaves_the_list_to_its_next_version(verified: Credentials) -> None:
    run = done(planned(member()))
    deploy_managing(verified)
    assert looked(run).status == Status.VERIFIED
    before = hand_off_of_managing(managing_row()).digest

    run = done(carried(remove(run.account, None, never_told=True)))

    assert run.status == Status.REMOVED, run.error
    assert hand_off_of_managing(managing_row()).digest != before
    left = carried(plan_managing(None))
    assert left.status == Status.PLANNED, left.error


def test_of_the_whole_organization_no_account_waits(
    mine: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The emulator gives each account an organization of its own.
    monkeypatch.setattr("accounts.runs.planning.refuse_outsider", lambda *_: None)
    organizations = owner_of(mine, MANAGING, "organizations")
    own = organizations.describe_organization()["Organization"]["Id"]
    ManagingAccount.objects.update(organization=own)
    run = done(carried(plan_managing(None)))
    deploy_managing(mine)
    assert looked(run).status == Status.VERIFIED

    found = done(planned(member()))

    assert found.handed_off_at is None
    assert found.checks.filter(name__startswith="Compare ").exists()
    assert HandOff.objects.of_managing().get().number == 1


def test_a_verification_finds_what_the_owner_deleted(verified: Credentials) -> None:
    run = done(planned(member()))
    deploy_managing(verified)
    account = looked(run).account
    assert account is not None
    iam = owner_of(verified, MANAGING, "iam")
    iam.detach_role_policy(
        RoleName="SpinnakerAuthRole",
        PolicyArn=MANAGING.arn("policy/bowline/managing/BowlineAssumeManaged"),
    )

    found = carried(verify(account, None))

    assert found.status == Status.FAILED


def test_the_next_list_is_not_written_while_another_run_holds_it(
    verified: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "MANAGING_PATIENCE", -1.0)
    run = planned(member())
    assert managing_row().take_lease()

    run = done(run)

    assert run.status == Status.OUTDATED
    assert run.error["message"].startswith("Other runs used the managing account for")
    assert ManagedAccount.objects.get().granted_at is None
    assert HandOff.objects.of_managing().get().number == 1


def test_a_run_that_was_taken_over_while_it_waited_lists_nothing(
    verified: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for = applying.wait_for

    def taken_over(row: ManagingAccount, run: Run) -> None:
        wait_for(row, run)
        Run.objects.filter(pk=run.pk).update(lease=uuid.uuid4())

    monkeypatch.setattr(applying, "wait_for", taken_over)

    run = done(planned(member()))

    assert run.status == Status.APPLYING
    assert ManagedAccount.objects.get().granted_at is None
