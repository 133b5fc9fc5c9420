"""Runs against an AWS that enforces IAM, from their start to every ending."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import ManagedAccount, ManagingAccount, Run, Step
from accounts.models.states import State, Status
from accounts.runs import stages
from accounts.runs.actions import plan, plan_managing, remove
from onboarding import bounded_cpu
from script.emulated_organization import Credentials
from tests.accounts.runs.carried import (
    DEV,
    EVERYTHING,
    carried,
    done,
    member,
    onboarded,
    planned,
    root,
    with_managing,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_account_with_every_provider_is_onboarded_and_verified(
    here: Credentials,
) -> None:
    account = member(providers=EVERYTHING, uses_external_id=False)

    run = onboarded(account)

    account.refresh_from_db()
    assert (account.state, account.verification) == (State.VERIFIED, State.VERIFIED)
    assert account.granted_at is not None
    assert {step.status for step in run.steps.all()} == {Step.Status.DONE}
    assert {"chain", "resources"} < {check.provider for check in run.checks.all()}
    details = account.providers.get(key="eks").details
    assert details["clusters"][0]["arn"].endswith(":cluster/apps")


def test_a_second_plan_has_nothing_to_do_and_verifies(account) -> None:
    run = planned(ManagedAccount.objects.get(pk=account.pk))

    assert run.status == Status.VERIFIED, run.error
    assert not run.steps.exists()


def test_the_managing_account_can_be_planned_alone(here: Credentials) -> None:
    run = done(carried(plan_managing(None)))

    assert run.status == Status.VERIFIED, run.error
    assert ManagingAccount.objects.get().state == State.VERIFIED


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


def test_a_removed_account_leaves_nothing_of_bowline(
    here: Credentials, account
) -> None:
    run = done(carried(remove(account, None)))

    account.refresh_from_db()
    iam = root(here, DEV, "iam")
    policies = iam.list_policies(PathPrefix="/bowline/", Scope="Local")["Policies"]
    roles = {role["RoleName"] for role in iam.list_roles()["Roles"]}
    assert run.status == Status.REMOVED, run.error
    assert policies == []
    assert not roles & {"spinnakerManaged", "BaseIAMRole"}
    assert (account.state, account.granted_at) == (State.DRAFT, None)


def test_a_run_that_another_worker_holds_is_left_alone(here: Credentials) -> None:
    run = plan(member(), None)
    assert Run.objects.get(pk=run.pk).take_lease()

    assert carried(run).status == Status.PLANNING


def test_a_run_whose_worker_died_is_carried_on(here: Credentials) -> None:
    run = plan(member(), None)
    Run.objects.get(pk=run.pk).take_lease()
    past = timezone.now() - timedelta(seconds=1)
    Run.objects.filter(pk=run.pk).update(leased_until=past)

    assert carried(run).status == Status.PLANNED


def test_an_error_of_bowlines_own_ends_the_run_with_a_sentence(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_managing()

    def broken(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setitem(stages.STAGES, Status.PLANNING, broken)

    run = planned(member())

    assert run.status == Status.ERRORED
    assert run.error["message"] == (
        f"Bowline encountered an internal error (reference {str(run.pk)[:8]})."
    )
    assert "ZeroDivisionError: by zero" in run.traceback


def test_an_account_that_takes_too_long_to_read_is_set_aside(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_managing()
    monkeypatch.setattr(bounded_cpu, "MOST", 0.0)

    run = planned(member())

    assert run.status == Status.ERRORED
    assert run.error["message"].startswith("Reading the account took more than")
    assert "Other accounts aren't affected." in run.error["hint"]
    assert run.account.state == State.FAILED
