"""An account leaves while a run of it begins: one of the two waits, and is refused."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import connection

from accounts.decisions.locks import Gone
from accounts.models import ManagedAccount, Rollout, Run
from accounts.runs.actions import verify
from accounts.runs.deciding.forgetting import CannotForget, leave_in_aws
from accounts.runs.rollouts import CannotStart
from accounts.runs.rollouts.start import start as start_rollout
from tests.accounts.runs.deciding.test_forgetting import adopted
from tests.rows import person
from tests.two_at_once import second_waits

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def only_postgresql() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time.")


def begin(account: ManagedAccount) -> None:
    verify(account, None)


def begin_many(account: ManagedAccount) -> None:
    start_rollout([account], Rollout.Kind.VERIFY, None)


@pytest.mark.parametrize(
    ("begins", "refusal"), [(begin, Gone), (begin_many, CannotStart)]
)
def test_no_run_begins_of_what_leaves(begins, refusal) -> None:
    account, paul = adopted(), person("approver")
    shown = ManagedAccount.objects.get()

    def second() -> None:
        with pytest.raises(refusal):
            begins(shown)

    assert second_waits(partial(leave_in_aws, account, paul), second)
    assert not Run.objects.exists()


@pytest.mark.parametrize("begins", [begin, begin_many])
def test_nothing_leaves_of_which_a_run_begins(begins) -> None:
    account, paul = adopted(), person("approver")

    def second() -> None:
        with pytest.raises(CannotForget, match="open run"):
            leave_in_aws(account, paul)

    assert second_waits(partial(begins, account), second)
    assert Run.objects.get().account == account
