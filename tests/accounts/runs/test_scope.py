"""What a stage loads, against an AWS that enforces IAM, and what snapshots keep."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ManagedAccount, ManagingAccount, Run
from accounts.models.states import State, Status
from accounts.runs.actions import plan, plan_managing, verify
from accounts.runs.scope import Scope
from accounts.tasks import verify_all
from onboarding.desired.capacity import ASSUME_POLICY
from onboarding.resources.kinds import ManagedPolicy
from script.emulated_organization import MANAGING, Credentials
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
from tests.rows import account_row, edit_managing, managing_row, run_row

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_managing_account_is_usually_managed_too(here: Credentials) -> None:
    account = member(MANAGING, access_role="")

    run = onboarded(account)

    assert {step.account_id for step in run.steps.all()} == {MANAGING.account_id}


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
    done(carried(plan_managing(None)))
    managing = ManagingAccount.objects.get()
    managing.identity_name = "SpinnakerOtherRole"
    managing.save()
    managing.touch()

    run = carried(plan_managing(None))

    deleted = {(s.kind, s.name) for s in run.steps.filter(verb="delete")}
    assert ("role", "SpinnakerAuthRole") in deleted
    assert ("instance profile", "SpinnakerAuthRole") in deleted


LOCK = 'SELECT "accounts_managingaccount"."id" AS "pk" FROM "accounts_managingaccount"'
ID = 'SELECT "accounts_managingaccount"."account_id" AS "account_id" FROM '


def test_one_onboarding_reads_the_managing_account_six_times_at_most(
    here: Credentials,
) -> None:
    account = member()
    with_managing()

    with CaptureQueriesContext(connection) as queries:
        done(carried(plan(account, None)))

    asked = [q["sql"] for q in queries if 'FROM "accounts_managingaccount"' in q["sql"]]
    # Planning and approving lock it, by its key, and ask for its ID.
    locks = [sql for sql in asked if sql.startswith(LOCK)]
    read = [sql for sql in asked if not sql.startswith((LOCK, ID))]
    assert 1 <= len(read) <= 6, "\n".join(read)
    assert len(locks) == 2


@pytest.mark.parametrize(
    "columns",
    [
        {"bakes": True},
        {"trusts_bowline": False},
        {"organization": "o-a1b2c3d4e5"},
        {"access_role": ""},
    ],
)
def test_an_edit_that_nobody_planned_is_no_drift_of_any_account(
    here: Credentials, columns: dict[str, Any]
) -> None:
    account = member()
    onboarded(account)
    edit_managing(**columns)

    verify_all()
    run = carried(Run.objects.get(kind=Run.Kind.VERIFY))

    account.refresh_from_db()
    assert (run.status, run.error) == (Status.VERIFIED, None)
    assert (account.state, account.verification) == (State.VERIFIED, State.VERIFIED)
    assert list(ManagedAccount.objects.ready()) == [account]


def test_drift_of_the_managing_side_is_found_after_such_an_edit_too(
    here: Credentials, account
) -> None:
    edit_managing(bakes=True)
    iam = root(here, MANAGING, "iam")
    arn = f"arn:aws:iam::{MANAGING.account_id}:policy/bowline/managing/"
    iam.detach_role_policy(
        RoleName="SpinnakerAuthRole", PolicyArn=f"{arn}BowlineRegionLookup"
    )

    run = carried(verify(account, None))

    assert run.status == Status.FAILED
    assert "BowlineRegionLookup" in run.error["message"]


def test_an_edit_during_a_verification_wins_over_what_it_proved(
    monkeypatch: pytest.MonkeyPatch, account
) -> None:
    run = verify(account, None)
    monkeypatch.setattr(
        "accounts.runs.verifying.keep_results", lambda *_: account.touch()
    )

    assert carried(run).status == Status.VERIFIED

    account.refresh_from_db()
    assert (account.state, account.verification) == (State.OUTDATED, "")


@pytest.mark.parametrize("organization", ["", "o-a1b2c3d4e5"])
def test_a_stage_loads_no_account_but_its_own(organization: str) -> None:
    managing_row(organization=organization)
    for number in range(5):
        account_row(
            f"other-{number}",
            account_id=f"80000000000{number}",
            granted_at=timezone.now(),
        )
    run = run_row(Status.PLANNING, account=account_row("own"))
    loaded: list[str] = []

    def note(instance: ManagedAccount, **_: object) -> None:
        loaded.append(instance.name)

    post_init.connect(note, sender=ManagedAccount)
    try:
        scope = Scope.load(run)
    finally:
        post_init.disconnect(note, sender=ManagedAccount)

    assert set(loaded) == {"own"}
    (policy,) = (
        one.document
        for one in scope.sides[0].wanted
        if isinstance(one, ManagedPolicy) and one.name.startswith(ASSUME_POLICY)
    )
    assert ("800000000004" in policy.text) is not bool(organization)
