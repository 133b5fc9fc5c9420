"""How a run ends that cannot go on: with a sentence, or left to another worker."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from accounts.models import Member, Organization, Run
from accounts.models.states import State, Status
from accounts.runs import stages
from accounts.runs.stages import carry_on
from onboarding.aws.errors import AwsError
from onboarding.resources.policy import QuotaExceeded
from script.emulated_organization import Credentials
from tests.accounts.runs.carried import member, planned
from tests.rows import account_row, managing_row, run_row

pytestmark = pytest.mark.django_db(transaction=True)

Meet = Callable[..., Run]


DENIED = "AccessDenied"


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> Meet:
    """Carry on a run whose planning meets this error."""

    def met(error: Exception, **fields: Any) -> Run:
        managing_row()
        run = run_row(Status.PLANNING, account=account_row(), **fields)

        def make_plan(*_: object) -> None:
            raise error

        monkeypatch.setitem(stages.STAGES, Status.PLANNING, make_plan)
        try:
            carry_on(run)
        finally:
            run.refresh_from_db()
        return run

    return met


def test_too_many_accounts_for_a_policy_leave_a_choice(meet: Meet) -> None:
    run = meet(QuotaExceeded("No more accounts fit into the policies."))

    assert run.status == Status.FAILED
    assert run.error["message"] == "No more accounts fit into the policies."
    assert run.error["hint"] == "Choose every account of the organization instead."
    assert run.account is not None
    assert run.account.state == State.FAILED


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"state": "SUSPENDED"}, "is suspended"),
        ({"state": "ACTIVE", "gone_at": timezone.now()}, "left the organization"),
        ({"state": "ACTIVE"}, ""),
    ],
)
def test_a_denial_is_explained_by_what_the_organization_says(
    meet: Meet, fields: dict[str, Any], says: str
) -> None:
    organization = Organization.objects.create(
        account_id="911111111111", organization_id="o-a1b2c3d4e5"
    )
    Member.objects.create(
        organization=organization,
        account_id="922222222222",
        unit_since=timezone.now(),
        **fields,
    )
    refused = AwsError("922222222222", "a:B", "Refused.", "Allow it.", code=DENIED)

    hint = meet(refused).error["hint"]

    why = (
        f"Account 922222222222 {says}, as AWS Organizations says: this might be the "
        "cause. "
    )
    assert hint == f"{why if says else ''}Allow it."


def test_details_that_no_longer_suit_the_account_are_named(here: Credentials) -> None:
    clusters = {"clusters": [{"name": "apps", "region": "us-west-2"}]}

    run = planned(member(providers={"eks": clusters}))

    assert run.status == Status.FAILED
    assert "Cluster apps is in us-west-2, and the account in us-east-1" in str(
        run.error["message"]
    )
    assert run.error["hint"] == "Edit the account's details and plan again."


def test_a_database_that_fails_leaves_the_run_to_the_sweep(meet: Meet) -> None:
    with pytest.raises(OperationalError):
        meet(OperationalError("database is locked"))

    run = Run.objects.get()
    assert (run.status, run.error, run.lease) == (Status.PLANNING, None, None)


def test_a_run_that_another_worker_took_over_is_left_to_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    managing_row()
    run = run_row(Status.PLANNING)
    theirs = uuid.uuid4()

    def make_plan(mine: Run, *_: object) -> None:
        Run.objects.update(lease=theirs)
        mine.extend_lease()

    monkeypatch.setitem(stages.STAGES, Status.PLANNING, make_plan)

    carry_on(run)

    run.refresh_from_db()
    assert (run.status, run.lease) == (Status.PLANNING, theirs)
    assert f"{run} is being worked on by another worker." in caplog.text


def test_a_run_whose_account_was_deleted_is_outdated(managing) -> None:
    run = run_row(Status.PLANNING, account=None, account_name="gone")

    carry_on(run)

    run.refresh_from_db()
    assert run.status == Status.OUTDATED
    assert run.error["message"] == "gone was deleted from Bowline."


@pytest.mark.parametrize(
    ("approved", "state"), [(False, State.DRAFT), (True, State.FAILED)]
)
def test_a_bug_fails_an_account_that_may_have_been_changed(
    meet: Meet, approved: bool, state: State
) -> None:
    run = meet(RuntimeError("A bug."), approved_at=timezone.now() if approved else None)

    assert run.status == Status.ERRORED
    assert run.account is not None
    assert run.account.state == state
