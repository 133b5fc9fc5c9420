"""How often a run asks the database, and what it does not ask twice."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Run, Step
from accounts.models.lease import LeaseLost
from accounts.models.states import Status
from accounts.runs.actions import approve, plan, plan_managing
from script.emulated_organization import Credentials
from tests.accounts.runs.carried import STAGING, carried, done, member

WRITES = 13
"""What a first run with EC2 writes in AWS, in twelve steps."""
pytestmark = pytest.mark.django_db(transaction=True)


def starting(queries: CaptureQueriesContext, beginning: str) -> list[Any]:
    return [query for query in queries if query["sql"].startswith(beginning)]


def test_a_lease_is_extended_before_what_changes_aws_and_no_more(
    here: Credentials,
) -> None:
    account = member()
    done(carried(plan_managing(None, grants=[account])))
    run = carried(plan(account, None, alone=True))
    assert approve(run, None)

    with CaptureQueriesContext(connection) as queries:
        run = carried(run)

    assert run.status == Status.VERIFIED, run.error
    extended = starting(queries, 'UPDATE "accounts_run" SET "leased_until"')
    steps = run.steps.count()
    assert len(extended) == WRITES + 1  # and before the account is described
    assert len(starting(queries, 'UPDATE "accounts_step"')) == steps + 2
    assert len(queries) <= 66, len(queries)


def test_accounts_that_the_managing_account_grants_are_read_together(
    here: Credentials,
) -> None:
    def asked(*accounts: Any) -> int:
        run = plan_managing(None, grants=accounts)
        with CaptureQueriesContext(connection) as queries:
            carried(run)
        Run.objects.filter(pk=run.pk).update(status=Status.DISCARDED)
        return len(starting(queries, "SELECT"))

    one, other = member(), member(STAGING)
    asked(one)  # recognises Bowline, and keeps it

    assert asked(one) == asked(one, other)


@pytest.mark.parametrize("lease", [None, uuid.uuid4()], ids=["no lease", "another"])
def test_who_does_not_hold_the_run_moves_no_step(
    here: Credentials, lease: uuid.UUID | None
) -> None:
    account = member()
    run = carried(plan(account, None, alone=True))
    assert run.take_lease()
    run.lease = lease
    step = run.steps.first()
    assert step is not None

    with pytest.raises(LeaseLost):
        step.note(run, status=Step.Status.RUNNING)

    step.refresh_from_db()
    assert step.status == Step.Status.PENDING
