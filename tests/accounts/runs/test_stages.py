"""Runs against an AWS that enforces IAM: plan, apply, verify, and every bad ending."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from django.utils import timezone

from accounts.models import CheckResult, ManagedAccount, ManagingAccount, Run, Step
from accounts.runs import stages
from accounts.runs.actions import approve, keep, plan, plan_managing, remove, verify
from accounts.runs.stages import carry_on
from accounts.states import State, Status
from onboarding.desired import POLICY_SET
from onboarding.providers.ec2_grants import READS
from script.emulated_organization import (
    ACCESS_ROLE,
    HANDMADE,
    LIMITED,
    MANAGING,
    MEMBERS,
    UNTRUSTING,
    Account,
    Credentials,
)
from tests.rows import account_row, managing_row

pytestmark = pytest.mark.django_db(transaction=True)

DEV, STAGING = MEMBERS[:2]
EVERYTHING: dict[str, dict[str, Any]] = {
    "ec2": {},
    "ecs": {},
    "eks": {"clusters": [{"name": "apps", "region": "us-east-1"}]},
    "lambda": {},
}


@pytest.fixture
def here(own_organization: Credentials, monkeypatch: pytest.MonkeyPatch) -> Credentials:
    """Be Bowline, in an organization of the test's own that is never slow to know."""
    monkeypatch.setattr("accounts.runs.verifying.PATIENCE", 0.0)
    monkeypatch.setattr("accounts.runs.verifying.LITTLE_PATIENCE", 0.0)
    for name, value in own_organization.environment.items():
        monkeypatch.setenv(name, value)
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)
    return own_organization


def member(account: Account = DEV, **fields: Any) -> ManagedAccount:
    return account_row(
        account.name,
        **{"account_id": account.account_id, "access_role": ACCESS_ROLE, **fields},
    )


def carried(run: Run) -> Run:
    carry_on(run)
    return Run.objects.get(pk=run.pk)


def planned(account: ManagedAccount) -> Run:
    return carried(plan(account, None, send=keep))


def done(run: Run) -> Run:
    assert run.status == Status.PLANNED, run.error
    assert approve(run, None, send=keep)
    return carried(run)


def onboarded(account: ManagedAccount) -> Run:
    run = done(planned(account))
    assert run.status == Status.VERIFIED, run.error
    return run


def root(here: Credentials, account: Account, service: str) -> Any:
    """Act as the account's owner."""
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=here.endpoint,
        aws_access_key_id=account.account_id,
        aws_secret_access_key="any",
    )


def test_planning_changes_nothing_in_aws(here: Credentials) -> None:
    run = planned(member())

    roles = root(here, DEV, "iam").list_roles()["Roles"]
    assert run.status == Status.PLANNED
    assert {step.verb for step in run.steps.all()} == {"create"}
    assert "spinnakerManaged" not in {role["RoleName"] for role in roles}


def test_an_account_with_every_provider_is_onboarded_and_verified(
    here: Credentials,
) -> None:
    account = member(providers=EVERYTHING, uses_external_id=False)

    run = onboarded(account)

    account.refresh_from_db()
    assert (account.state, account.proof) == (State.VERIFIED, State.VERIFIED)
    assert account.granted_at is not None
    assert {step.status for step in run.steps.all()} == {Step.Status.DONE}
    assert {"chain", "resources"} < {check.provider for check in run.checks.all()}
    details = account.providers.get(key="eks").details
    assert details["clusters"][0]["arn"].endswith(":cluster/apps")


def test_what_stands_whole_is_on_the_latest_policy_set(here: Credentials) -> None:
    account = member()

    onboarded(account)

    account.refresh_from_db()
    assert account.policy_set == POLICY_SET
    assert not account.has_older_policies


def test_newer_policies_are_news_and_no_fault_of_the_account(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = member()
    onboarded(account)
    newer = replace(READS, actions=READS.actions[1:])
    monkeypatch.setattr("onboarding.providers.ec2.READS", newer)
    for module in ("accounts.runs.verifying", "accounts.models.accounts"):
        monkeypatch.setattr(f"{module}.POLICY_SET", POLICY_SET + 1)

    looked = carried(verify(account, None))
    brought = onboarded(account)

    account.refresh_from_db()
    assert looked.status == Status.VERIFIED
    (news,) = looked.checks.filter(outcome="not proved from here", provider="resources")
    assert f"policy set {POLICY_SET}, and the latest is {POLICY_SET + 1}" in (
        news.sentence
    )
    assert [step.name for step in brought.steps.all()] == ["BowlineEC2Read"]
    assert account.policy_set == POLICY_SET + 1


def test_what_was_learned_of_a_cluster_is_no_edit(here: Credentials) -> None:
    account = member(providers={"eks": EVERYTHING["eks"]})

    run = done(planned(account))

    assert run.status == Status.EVALUATED, run.error


def test_a_second_plan_has_nothing_to_do_and_verifies(here: Credentials) -> None:
    account = member()
    onboarded(account)

    run = planned(ManagedAccount.objects.get(pk=account.pk))

    assert run.status == Status.VERIFIED, run.error
    assert not run.steps.exists()


def test_the_second_account_leaves_the_first_one_in_the_policy(
    here: Credentials,
) -> None:
    onboarded(member())
    onboarded(member(STAGING))

    run = carried(verify(ManagedAccount.objects.get(name=DEV.name), None))

    assert run.status == Status.VERIFIED, run.error


def test_two_plans_made_at_once_are_both_applied(here: Credentials) -> None:
    onboarded(member(MEMBERS[2]))
    one, other = planned(member()), planned(member(STAGING))

    endings = [done(other).status, done(one).status]

    again = carried(verify(ManagedAccount.objects.get(name=STAGING.name), None))
    assert endings == [Status.VERIFIED, Status.VERIFIED]
    assert again.status == Status.VERIFIED


def test_the_managing_account_can_be_planned_alone(here: Credentials) -> None:
    run = done(carried(plan_managing(None, send=keep)))

    assert run.status == Status.VERIFIED, run.error
    assert ManagingAccount.objects.get().state == State.VERIFIED


def test_the_managing_account_is_usually_managed_too(here: Credentials) -> None:
    account = member(MANAGING, access_role="")

    run = onboarded(account)

    assert {step.account_id for step in run.steps.all()} == {MANAGING.account_id}


def test_a_removed_provider_takes_its_policies_with_it(here: Credentials) -> None:
    account = member(providers={"ec2": {}, "lambda": {}})
    onboarded(account)
    account.providers.get(key="lambda").delete()
    account.touch()

    run = planned(account)
    names = {step.name for step in run.steps.all() if step.verb == "delete"}
    ending = done(run)

    assert "BowlineLambdaRead" in names
    assert ending.status == Status.VERIFIED, ending.error


def test_a_removed_account_leaves_nothing_of_bowline(here: Credentials) -> None:
    account = member()
    onboarded(account)

    run = done(carried(remove(account, None)))

    account.refresh_from_db()
    iam = root(here, DEV, "iam")
    policies = iam.list_policies(PathPrefix="/bowline/", Scope="Local")["Policies"]
    roles = {role["RoleName"] for role in iam.list_roles()["Roles"]}
    assert run.status == Status.REMOVED, run.error
    assert policies == []
    assert not roles & {"spinnakerManaged", "BaseIAMRole"}
    assert (account.state, account.granted_at) == (State.DRAFT, None)


# Planted faults and bad days


def test_an_access_role_that_does_not_trust_bowline_is_named(
    here: Credentials,
) -> None:
    run = planned(member(UNTRUSTING))

    assert run.status == Status.FAILED
    assert run.error["account"] == UNTRUSTING.account_id
    assert f"role/{ACCESS_ROLE}" in run.error["message"]
    assert "trust policy" in run.error["hint"]


def test_a_handmade_role_is_not_touched(here: Credentials) -> None:
    run = planned(member(HANDMADE))

    assert run.status == Status.FAILED
    assert "spinnakerManaged" in run.error["message"]
    assert "not made by Bowline" in run.error["message"]
    assert "adopt" in run.error["hint"]


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
    assert (account.state, account.proof) == (State.FAILED, "")


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


def test_bowlines_own_bad_credentials_are_blamed_first(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")

    run = planned(member())

    assert run.status == Status.FAILED
    assert run.error["message"].startswith("Bowline's own AWS credentials")


def test_an_account_edited_after_its_plan_is_outdated(here: Credentials) -> None:
    account = member()
    run = planned(account)
    account.touch()

    run = done(run)

    assert run.status == Status.OUTDATED
    assert "edited" in run.error["message"]


def test_a_managing_account_edited_after_the_plan_outdates_it(
    here: Credentials,
) -> None:
    run = planned(member())
    ManagingAccount.objects.update(version=2)

    assert done(run).status == Status.OUTDATED


def test_drift_between_approval_and_apply_is_refused(here: Credentials) -> None:
    account = member()
    onboarded(account)
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


def test_drift_is_found_by_verifying(here: Credentials) -> None:
    account = member()
    onboarded(account)
    root(here, DEV, "iam").detach_role_policy(
        RoleName="spinnakerManaged",
        PolicyArn=DEV.arn("policy/bowline/managed/BowlineEC2Write"),
    )

    run = carried(verify(account, None))

    account.refresh_from_db()
    assert run.status == Status.FAILED
    assert "BowlineEC2Write" in run.error["message"]
    assert (account.state, account.proof) == (State.DRIFTED, "")


def test_an_account_deleted_under_its_run_ends_it(here: Credentials) -> None:
    account = member()
    run = planned(account)
    approve(run, None, send=keep)
    account.delete()

    run = carried(run)

    assert run.status == Status.OUTDATED
    assert "deleted" in run.error["message"]


def test_a_run_that_another_worker_holds_is_left_alone(here: Credentials) -> None:
    run = plan(member(), None, send=keep)
    assert Run.objects.get(pk=run.pk).take_lease()

    assert carried(run).status == Status.PLANNING


def test_a_run_whose_worker_died_is_carried_on(here: Credentials) -> None:
    run = plan(member(), None, send=keep)
    Run.objects.get(pk=run.pk).take_lease()
    past = timezone.now() - timedelta(seconds=1)
    Run.objects.filter(pk=run.pk).update(leased_until=past)

    assert carried(run).status == Status.PLANNED


def test_an_error_of_bowlines_own_ends_the_run_with_a_sentence(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setitem(stages.STAGES, Status.PLANNING, broken)

    run = planned(member())

    assert run.status == Status.FAILED
    assert "ZeroDivisionError" in run.error["message"]


def test_a_chain_that_is_no_longer_wanted_is_taken_away(here: Credentials) -> None:
    account = member(providers={"ec2": {}, "eks": EVERYTHING["eks"]})
    onboarded(account)
    account.providers.get(key="ec2").delete()
    account.touch()

    run = done(planned(account))

    roles = root(here, DEV, "iam").list_roles()["Roles"]
    assert run.status == Status.EVALUATED, run.error
    assert not {"spinnakerManaged", "BaseIAMRole"} & {r["RoleName"] for r in roles}


def test_an_identity_that_was_renamed_is_taken_away(here: Credentials) -> None:
    done(carried(plan_managing(None, send=keep)))
    managing = ManagingAccount.objects.get()
    managing.identity_name = "SpinnakerOtherRole"
    managing.save()
    managing.touch()

    run = carried(plan_managing(None, send=keep))

    deleted = {(s.kind, s.name) for s in run.steps.filter(verb="delete")}
    assert ("role", "SpinnakerAuthRole") in deleted
    assert ("instance profile", "SpinnakerAuthRole") in deleted


def test_bowlines_own_bad_credentials_leave_the_account_what_it_was(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = member()
    onboarded(account)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAWRONGWRONGWRONG1")

    run = carried(verify(account, None))

    account.refresh_from_db()
    (check,) = run.checks.all()
    assert run.status == Status.FAILED
    assert (check.located, check.worse) == ("Bowline itself", False)
    assert (account.state, account.proof) == (State.VERIFIED, State.VERIFIED)


def test_a_refusal_is_kept_with_its_document_and_its_change(here: Credentials) -> None:
    account = member()
    onboarded(account)
    iam = root(here, DEV, "iam")
    trust = iam.get_role(RoleName="spinnakerManaged")["Role"][
        "AssumeRolePolicyDocument"
    ]
    trust["Statement"][0]["Principal"] = {"AWS": "933333333333"}
    iam.update_assume_role_policy(
        RoleName="spinnakerManaged", PolicyDocument=json.dumps(trust)
    )

    run = carried(verify(account, None))

    check = run.checks.get(name="Assume the managed role")
    (marked,) = (line for line in check.lines if line.is_marked)
    assert (check.located, check.worse) == ("their trust", True)
    assert marked.text.strip() == '"Principal": {'
    assert check.change.startswith("aws iam update-assume-role-policy")
    assert check in CheckResult.objects.got_worse()
