"""An account moves while somebody decides about it: it is judged where it then is."""

from __future__ import annotations

import pytest
from django.db import connection

from accounts.models import ManagedAccount, Run
from accounts.models.states import Status
from accounts.people.deciding import Outside
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER
from accounts.runs.actions import approve
from tests.rows import account_row, managing_row, person, run_row, step_row
from tests.two_at_once import second_waits


@pytest.mark.django_db(transaction=True)
def test_an_approval_waits_for_a_move_and_is_refused() -> None:
    """Without the lock, it would read where the account was before."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time.")
    managing_row()
    run = run_row(account=account_row(environment="staging"))
    step_row(run)
    olga = person("approver", username="olga")
    limit(olga, APPROVER, ["staging"], None)
    refused: list[str] = []

    def move() -> None:
        ManagedAccount.objects.update(environment="production")

    def decide() -> None:
        try:
            approve(run, olga)
        except Outside as error:
            refused.append(str(error))

    assert second_waits(move, decide)
    assert [said.split(".")[0] for said in refused] == ["staging is in production"]
    assert Run.objects.get().status == Status.PLANNED
