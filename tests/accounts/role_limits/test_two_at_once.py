"""An account moves while somebody decides about it: it is judged where it then is."""

from __future__ import annotations

from threading import Event, Thread

import pytest
from django.db import connection, connections, transaction

from accounts.models import ManagedAccount, Run
from accounts.models.states import Status
from accounts.role_limits.limits import limit
from accounts.role_limits.refusing import Outside
from accounts.runs.actions import approve, keep
from accounts.web.access import APPROVER
from tests.rows import account_row, managing_row, person, run_row, step_row


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
    holds, goes_on = Event(), Event()
    refused: list[str] = []

    def move() -> None:
        with transaction.atomic():
            ManagedAccount.objects.update(environment="production")
            holds.set()
            goes_on.wait(20)
        connections.close_all()

    def decide() -> None:
        try:
            approve(run, olga, send=keep)
        except Outside as error:
            refused.append(str(error))
        connections.close_all()

    first, second = Thread(target=move), Thread(target=decide)
    first.start()
    assert holds.wait(20)
    second.start()
    waiting = waits_for_a_row()
    goes_on.set()
    first.join()
    second.join()

    assert waiting
    assert [said.split(".")[0] for said in refused] == ["staging is in production"]
    assert Run.objects.get().status == Status.PLANNED


def waits_for_a_row() -> bool:
    """Wait until somebody waits for another's transaction."""
    with connection.cursor() as cursor:
        for _ in range(2_000):
            cursor.execute(
                "SELECT count(*), pg_sleep(0.01) FROM pg_locks"
                " WHERE locktype IN ('transactionid', 'tuple') AND NOT granted"
            )
            if cursor.fetchone()[0]:
                return True
    return False
