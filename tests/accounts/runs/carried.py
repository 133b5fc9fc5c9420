"""Members of the emulated organization, and their runs carried on here and now."""

from __future__ import annotations

from typing import Any

import boto3

from accounts.mapping.managing import managing_row
from accounts.models import ManagedAccount, Run
from accounts.models.states import Status
from accounts.runs.actions import approve, plan, plan_managing
from accounts.runs.deciding.approving import APPLIED, managing_first, open_managing_run
from accounts.runs.stages import carry_on
from script.emulated_organization import ACCESS_ROLE, MEMBERS, Account, Credentials
from tests.rows import account_row

DEV, STAGING = MEMBERS[:2]
EVERYTHING: dict[str, dict[str, Any]] = {
    "ec2": {},
    "ecs": {},
    "eks": {"clusters": [{"name": "apps", "region": "us-east-1"}]},
    "lambda": {},
}


def member(account: Account = DEV, **fields: Any) -> ManagedAccount:
    return account_row(
        account.name,
        **{"account_id": account.account_id, "access_role": ACCESS_ROLE, **fields},
    )


def carried(run: Run) -> Run:
    carry_on(run)
    return Run.objects.get(pk=run.pk)


def with_managing() -> None:
    """Apply the managing account, whose own plan comes before those of accounts."""
    if not managing_row().applied:
        assert done(carried(plan_managing(None))).status in APPLIED


def planned(account: ManagedAccount) -> Run:
    with_managing()
    return carried(plan(account, None))


def done(run: Run) -> Run:
    """Approve a plan and carry it out, after the managing account's own where it is."""
    assert run.status == Status.PLANNED, run.error
    if managing_first(run):
        first = open_managing_run()
        assert first is not None
        assert done(carried(first)).status in APPLIED
    assert approve(run, None)
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
