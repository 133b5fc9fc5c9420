"""What is applied to an AWS that enforces IAM, and what is denied on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.mapping.entries import described_entries
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of
from accounts.mapping.plans import steps_of
from accounts.models import ManagedAccount, ManagingAccount, Run, Step
from accounts.models.lease import LeaseLost
from accounts.models.states import State, Status
from accounts.runs import applying, carrying_out
from accounts.runs.actions import approve, plan_managing, verify
from accounts.runs.scope import Comparison, Scope, Side
from onboarding.aws.session import Sessions
from onboarding.resources.kinds import Role
from onboarding.resources.plan import Change, Create, Plan, PlannedChange, PlanOutdated
from onboarding.resources.policy import Policy
from onboarding.topology import Reach
from script.emulated_organization import (
    ACCESS_ROLE,
    HANDMADE,
    LIMITED,
    MANAGING,
    MEMBERS,
    Credentials,
)
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
from tests.rows import account_row, managing_row, run_row

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_was_learned_of_a_cluster_is_no_edit(here: Credentials) -> None:
    account = member(providers={"eks": EVERYTHING["eks"]})

    run = done(planned(account))

    assert run.status == Status.EVALUATED, run.error


def test_two_plans_made_at_once_are_both_applied(here: Credentials) -> None:
    onboarded(member(MEMBERS[2]))
    one, other = planned(member()), planned(member(STAGING))

    endings = [done(other).status, done(one).status]

    again = carried(verify(ManagedAccount.objects.get(name=STAGING.name), None))
    assert endings == [Status.VERIFIED, Status.VERIFIED]
    assert again.status == Status.VERIFIED


def test_a_role_of_an_accounts_own_is_created_and_assumed(
    here: Credentials,
) -> None:
    onboarded(member())
    account = member(STAGING, managed_role="spinnaker/deploy")

    run = done(planned(account))
    account.refresh_from_db()
    again = carried(verify(account, None))

    assert (run.status, again.status) == (Status.VERIFIED, Status.VERIFIED), run.error
    iam = root(here, STAGING, "iam")
    assert iam.get_role(RoleName="deploy")["Role"]["Path"] == "/spinnaker/"


def test_an_adopted_role_keeps_its_trust_and_fails_the_chain(
    here: Credentials,
) -> None:
    run = done(planned(member(HANDMADE, adopts=True)))

    kinds = {(step.kind, step.name) for step in run.steps.all()}
    assert run.status == Status.FAILED
    assert ("role", "spinnakerManaged") not in kinds
    assert "spinnakerManaged" in run.error["message"]


def test_a_missing_right_of_the_access_role_is_named(here: Credentials) -> None:
    account = member(LIMITED)

    run = done(planned(account))

    failed = run.steps.get(status=Step.Status.FAILED)
    account.refresh_from_db()
    assert run.status == Status.FAILED
    assert "iam:PutRolePolicy" in run.error["message"] + run.error["hint"]
    assert failed.kind == "inline policy"
    assert (account.state, account.verification) == (State.FAILED, "")


def test_a_failed_run_can_be_planned_again_once_it_is_mended(
    here: Credentials,
) -> None:
    account = member(LIMITED)
    done(planned(account))
    root(here, LIMITED, "iam").attach_role_policy(
        RoleName=ACCESS_ROLE, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )

    run = onboarded(account)

    assert {step.kind for step in run.steps.all()} >= {"inline policy"}


def test_an_account_edited_after_its_plan_is_outdated(here: Credentials) -> None:
    account = member()
    run = planned(account)
    assert approve(run, None)
    account.touch()

    run = carried(run)

    assert run.status == Status.OUTDATED
    assert run.error["message"] == f"{DEV.name} was edited after it was planned."
    assert root(here, DEV, "iam").list_policies(Scope="Local")["Policies"] == []


def test_drift_between_approval_and_apply_is_refused(
    here: Credentials, account
) -> None:
    account.providers.create(key="lambda", details={})
    account.touch()
    run = planned(account)
    root(here, DEV, "iam").update_assume_role_policy(
        RoleName="spinnakerManaged",
        PolicyDocument=(
            '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":'
            '{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sts:AssumeRole"}]}'
        ),
    )

    run = done(run)

    assert run.status == Status.OUTDATED
    assert "spinnakerManaged" in run.error["message"]


@pytest.mark.parametrize("role", ["spinnakerManaged", "BaseIAMRole"])
def test_a_trust_that_is_changed_during_the_writes_is_found(
    here: Credentials, account, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    """The plan changes other things, so that it wrote nothing to the role."""
    account.providers.create(key="ecs", details={})
    account.touch()
    run = planned(account)
    write = applying.carry_out

    def open_and_write(*given: Any, **named: Any) -> None:
        iam = root(here, DEV, "iam")
        trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
        anybody = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
        text = json.dumps({**trust, "Statement": [*trust["Statement"], anybody]})
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=text)
        write(*given, **named)

    monkeypatch.setattr(applying, "carry_out", open_and_write)

    run = done(run)

    assert run.status == Status.FAILED
    assert role in run.error["message"]
    account.refresh_from_db()
    assert account.state == State.DRIFTED


def somebody_edits_the_assume_policy(iam: Any) -> None:
    """Add a role to the policy that the approved plan changes, too."""
    policies = iam.list_policies(Scope="Local", PathPrefix="/bowline/")["Policies"]
    arn = next(p["Arn"] for p in policies if p["PolicyName"] == "BowlineAssumeManaged")
    roles = [member.arn("role/spinnakerManaged") for member in (DEV, MEMBERS[2])]
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)


def somebody_detaches_a_policy(iam: Any) -> None:
    """Undo what stood already, which no step of the approved plan is about."""
    iam.detach_role_policy(
        RoleName="SpinnakerAuthRole",
        PolicyArn=MANAGING.arn("policy/bowline/managing/BowlineRegionLookup"),
    )


def bowline_becomes_somebody_else(iam: Any) -> None:
    """Let the next comparison want another trust than the one that was approved."""
    ManagingAccount.objects.update(bowline_principal=MANAGING.arn("user/other"))


@pytest.mark.parametrize(
    "meanwhile",
    [
        somebody_edits_the_assume_policy,
        somebody_detaches_a_policy,
        bowline_becomes_somebody_else,
    ],
)
def test_drift_of_the_managing_side_after_approval_is_refused(
    here: Credentials, meanwhile: Callable[[Any], None]
) -> None:
    iam = root(here, MANAGING, "iam")
    dev = member(granted_at=timezone.now())
    assert done(carried(plan_managing(None, grants=[dev]))).error is None
    run = planned(member(STAGING))
    assert approve(run, None)
    meanwhile(iam)
    before = everything_in(here)

    run = carried(run)

    assert run.status == Status.OUTDATED
    assert "This wasn't in the approved plan" in run.error["message"]
    assert {step.status for step in run.steps.all()} == {Step.Status.PENDING}
    assert everything_in(here) == before


def everything_in(here: Credentials) -> list[Any]:
    """Read all of IAM in the managing account and in the one that is onboarded."""
    return [
        {
            kind: value
            for kind, value in root(here, place, "iam")
            .get_account_authorization_details()
            .items()
            if kind != "ResponseMetadata"
        }
        for place in (MANAGING, STAGING)
    ]


ROLE = Create(
    Role(account="922222222222", name="Made", trust=Policy.allowing(), reason="Why")
)


def approved(**fields: Any) -> Run:
    """Hold a run that was approved to change nothing, of its account alone."""
    row = managing_row()
    account = account_row()
    entries = {"after": described_entries(managing_of(row), managed_of(account))}
    plain = {
        "version": account.version,
        "managing_version": row.version,
        "entries": entries,
        "alone": True,
    }
    run = run_row(Status.APPLYING, account=account, **{**plain, **fields})
    assert run.take_lease()
    return run


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Change]:
    """List what is made in an AWS in which one role is missing."""
    made: list[Change] = []

    def apply(
        sessions: Sessions,
        reach: Reach,
        change: Change,
        *,
        before_write: Callable[[], None] = lambda: None,
        waiting: Callable[[str], None],
    ) -> None:
        before_write()
        made.append(change)

    found = Comparison((ROLE,), 0, ())
    monkeypatch.setattr(Side, "compared", lambda *_, **__: found)
    monkeypatch.setattr(carrying_out, "apply", apply)
    return made


def apply_now(run: Run) -> None:
    applying.apply_run(run, Scope.load(run), Sessions("test"))


def test_what_was_approved_is_made(made: list[Change]) -> None:
    run = approved()
    (step,) = steps_of(run, Plan((PlannedChange.of(ROLE, "staging"),)))
    step.save()

    apply_now(run)

    assert made == [ROLE]


def test_a_change_that_nobody_approved_is_refused(made: list[Change]) -> None:
    run = approved()

    with pytest.raises(PlanOutdated, match="create role Made"):
        apply_now(run)

    assert made == []


def test_a_plan_of_an_account_that_was_edited_since_is_refused(
    made: list[Change],
) -> None:
    run = approved()
    ManagedAccount.objects.update(version=run.version + 1)

    with pytest.raises(PlanOutdated, match="was edited after it was planned"):
        apply_now(run)


def test_what_spinnaker_would_know_and_nobody_approved_is_refused(
    made: list[Change],
) -> None:
    run = approved(entries={})

    with pytest.raises(PlanOutdated, match="differs from the plan"):
        apply_now(run)


def test_a_removal_waits_until_spinnaker_may_not_assume_the_role(
    made: list[Change], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = approved(kind=Run.Kind.REMOVE)
    ManagedAccount.objects.update(granted_at=timezone.now())
    monkeypatch.setattr(Side, "compared", lambda *_, **__: Comparison((), 0, ()))

    with pytest.raises(PlanOutdated, match="can still assume the roles of staging"):
        apply_now(run)


def test_nothing_is_made_once_another_worker_holds_the_run(made: list[Change]) -> None:
    run = approved()
    (step,) = steps_of(run, Plan((PlannedChange.of(ROLE, "staging"),)))
    step.save()

    def held() -> None:
        raise run.lost()

    with pytest.raises(LeaseLost):
        carrying_out.carry_out(
            run,
            Sessions("test"),
            Reach("922222222222"),
            [ROLE],
            {ROLE.resource.key: step},
            held=held,
        )

    assert made == []
