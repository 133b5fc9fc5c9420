"""A page that moves asks once whether workers answer, and says it if none does."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Bundle, Heartbeat
from accounts.models.states import State, Status
from tests.rows import account_row, managing_row, run_row


@pytest.mark.parametrize("place", ["run", "runs", "overview", "account", "bundle"])
def test_a_page_that_moves_asks_once_whether_workers_answer(
    operator, place: str
) -> None:
    managing_row()
    account = account_row(state=State.APPLYING)
    run = run_row(Status.VERIFYING, account=account)
    bundle = Bundle.objects.create(number=1)
    urls = {
        "run": run.get_absolute_url(),
        "runs": "/runs/",
        "overview": "/",
        "account": account.get_absolute_url(),
        "bundle": bundle.get_absolute_url(),
    }

    with CaptureQueriesContext(connection) as queries:
        html = operator.get(urls[place]).content.decode()

    asked = [one for one in queries if Heartbeat._meta.db_table in one["sql"]]
    assert len(asked) == 1
    assert "No worker has answered" in html
