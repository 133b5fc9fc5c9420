"""An account is edited while its plan is being carried out: its author stays."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone

from accounts.mapping.edits import editing
from accounts.mapping.entries import keep_approved
from accounts.models import ManagedAccount
from tests.rows import account_row, decider, managing_row, run_row
from tests.two_at_once import second_waits

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_edits_while_a_plan_is_carried_out_stays_an_author() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time.")
    managing_row()
    olga, account = decider("olga"), account_row()
    account.authors.add(olga)
    run = run_row(account=account, approved_at=timezone.now())

    def edit() -> None:
        row = ManagedAccount.objects.get()
        with editing(row, olga):
            row.write_roles = ["sre"]
            row.save()

    assert second_waits(edit, lambda: keep_approved(run))
    assert list(account.authors.all()) == [olga]
