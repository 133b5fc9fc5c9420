"""Many accounts at the same moment: each is judged by what it is, whatever the others
change in the list of accounts meanwhile.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from accounts.models import Run
from accounts.models.states import Status
from accounts.runs.actions import approve, plan
from accounts.runs.stages import carry_on
from accounts.work.threads import own_connections
from script.emulated_organization import (
    Account,
    Credentials,
    Edge,
)
from tests.accounts.runs.carried import member, with_managing
from tests.servers import seed_member

ACCOUNTS, AT_ONCE = 16, 16


@pytest.mark.django_db(transaction=True)
def test_accounts_that_are_onboarded_at_once_are_all_verified(
    here: Credentials,
) -> None:
    session = boto3.Session()
    rows = []
    for number in range(ACCOUNTS):
        account = Account(
            name=f"member-{number}", account_id=str(500_000_000_000 + number)
        )
        seed_member(Edge(session, here.endpoint, account), account)
        rows.append(member(account))
    with_managing()
    runs = [plan(row, None) for row in rows]

    def carry(run: Run) -> None:
        with own_connections():
            carry_on(run)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(carry, runs))
        for run in Run.objects.exclude(account=None):
            assert approve(run, None), run.error
        list(pool.map(carry, runs))

    wrong = Run.objects.exclude(status=Status.VERIFIED)
    assert [(run.account_name, run.status, run.error) for run in wrong] == []
