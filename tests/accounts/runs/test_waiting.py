"""One run at a time changes the managing account: the others wait, and not for ever."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import ManagingAccount, Run
from accounts.models.lease import LeaseLost
from accounts.models.states import State, Status
from accounts.runs import carrying_out
from accounts.runs.managing import applying
from accounts.runs.managing.applying import wait_for
from onboarding.aws.apply import apply
from onboarding.resources.plan import PlanOutdated
from script.emulated_organization import MANAGING, Credentials
from tests.accounts.runs.carried import DEV, done, member, planned, root
from tests.rows import account_row, managing_row, run_row

pytestmark = pytest.mark.django_db(transaction=True)

SAID = "Waiting for another run to finish with the managing account."


@pytest.fixture
def row() -> ManagingAccount:
    return managing_row()


@pytest.fixture
def run() -> Run:
    run = run_row(Status.APPLYING)
    assert run.take_lease()
    return run


def held() -> ManagingAccount:
    """Hold the managing account as another run's worker does."""
    other = ManagingAccount.objects.get()
    assert other.take_lease()
    return other


def run_out() -> None:
    past = timezone.now() - timedelta(seconds=1)
    ManagingAccount.objects.update(leased_until=past)


class Sleeping:
    """Stands in for a second's sleep: notes what the run says, and does something."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.said: list[str] = []

    def __call__(self, seconds: float) -> None:
        self.said.append(Run.objects.get(pk=self.run.pk).waiting)
        self.meanwhile()

    def meanwhile(self) -> None:
        """Free the managing account after the second sleep."""
        if len(self.said) == 2:
            ManagingAccount.objects.update(lease=None, leased_until=None)


def test_it_waits_until_the_other_run_lets_go_and_says_so(
    row: ManagingAccount, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    held()
    sleeping = Sleeping(run)
    monkeypatch.setattr(applying.time, "sleep", sleeping)

    wait_for(row, run)

    assert sleeping.said == [SAID, SAID]
    assert Run.objects.get().waiting == ""
    assert ManagingAccount.objects.get().lease == row.lease


def older(run: Run) -> Run:
    """Let an older run wait for the managing account, as a live worker's does."""
    first = run_row(Status.APPLYING, account=account_row("first", account_id="1" * 12))
    assert first.take_lease()
    Run.objects.filter(pk=first.pk).update(number=0)
    first.say(SAID)
    assert first.number != run.number
    return first


def test_an_older_run_that_waits_comes_first(
    row: ManagingAccount, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = older(run)
    takes_it: list[bool] = []

    def first_takes_its_turn(seconds: float) -> None:
        takes_it.append(ManagingAccount.objects.filter(lease=None).exists())
        Run.objects.filter(pk=first.pk).update(waiting="")

    monkeypatch.setattr(applying.time, "sleep", first_takes_its_turn)

    wait_for(row, run)

    assert takes_it == [True]


def test_an_older_run_whose_worker_died_is_not_waited_for(
    row: ManagingAccount, run: Run
) -> None:
    first = older(run)
    past = timezone.now() - timedelta(seconds=1)
    Run.objects.filter(pk=first.pk).update(leased_until=past)

    wait_for(row, run)

    assert ManagingAccount.objects.get().lease == row.lease


def test_patience_begins_again_as_the_others_finish(
    row: ManagingAccount, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = older(run)
    held()
    slept: list[float] = []
    now = applying.time.monotonic

    def most_of_its_patience(_: float) -> None:
        slept.append(0.9 * applying.MANAGING_PATIENCE)
        if len(slept) == 1:
            Run.objects.filter(pk=first.pk).update(waiting="")
        elif len(slept) == 3:
            ManagingAccount.objects.update(lease=None, leased_until=None)

    monkeypatch.setattr(applying.time, "monotonic", lambda: now() + sum(slept))
    monkeypatch.setattr(applying.time, "sleep", most_of_its_patience)

    wait_for(row, run)

    assert len(slept) == 3
    assert ManagingAccount.objects.get().lease == row.lease


def test_a_dead_runs_hold_is_not_waited_for(row: ManagingAccount, run: Run) -> None:
    held()
    run_out()

    wait_for(row, run)

    assert ManagingAccount.objects.get().lease == row.lease


def test_it_gives_up_and_leaves_the_other_run_its_hold(
    row: ManagingAccount, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = held()
    monkeypatch.setattr(applying, "MANAGING_PATIENCE", -1.0)

    with pytest.raises(PlanOutdated, match="used the managing account for too long"):
        wait_for(row, run)

    assert ManagingAccount.objects.get().lease == other.lease


def test_a_run_that_is_taken_over_while_it_waits_stops(
    row: ManagingAccount, run: Run
) -> None:
    held()
    Run.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert Run.objects.get().take_lease()

    with pytest.raises(LeaseLost):
        wait_for(row, run)


def test_a_run_that_gave_up_changed_nothing(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "MANAGING_PATIENCE", -1.0)
    account = member()
    run = planned(account)
    other = held()

    run = done(run)

    account.refresh_from_db()
    assert run.status == Status.OUTDATED
    assert run.error["message"].startswith("Other runs used the managing account for")
    assert (account.state, account.granted_at) == (State.OUTDATED, None)
    for place in (MANAGING, DEV):
        roles = root(here, place, "iam").list_roles()["Roles"]
        assert not {role["RoleName"] for role in roles} & {"spinnakerManaged"}
    assert ManagingAccount.objects.get().lease == other.lease


def test_its_hold_lasts_as_long_as_its_changes_take(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let every change take longer than a hold; another run asks during each."""
    run = planned(member())
    taken = []

    def apply_slowly(sessions: Any, reach: Any, change: Any, **options: Any) -> None:
        if reach.account_id == MANAGING.account_id:
            taken.append(ManagingAccount.objects.get().take_lease())
        apply(sessions, reach, change, **options)
        run_out()

    monkeypatch.setattr(carrying_out, "apply", apply_slowly)

    run = done(run)

    assert run.status == Status.VERIFIED, run.error
    assert len(taken) > 1
    assert not any(taken)


def test_a_run_whose_hold_was_taken_over_changes_nothing_more(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = planned(member())
    theirs = uuid.uuid4()
    changed = []

    def apply_and_lose(sessions: Any, reach: Any, change: Any, **options: Any) -> None:
        changed.append(change.resource.name)
        apply(sessions, reach, change, **options)
        ManagingAccount.objects.update(lease=theirs)

    monkeypatch.setattr(carrying_out, "apply", apply_and_lose)

    run = done(run)

    assert run.status == Status.APPLYING
    assert len(changed) == 1
    assert ManagingAccount.objects.get().lease == theirs


def test_a_run_that_loses_its_hold_with_its_last_change_goes_no_further(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = planned(member())
    left = run.steps.filter(account_id=MANAGING.account_id).count()
    changed: list[str] = []

    def apply_and_lose(sessions: Any, reach: Any, change: Any, **options: Any) -> None:
        changed.append(reach.account_id)
        apply(sessions, reach, change, **options)
        if len(changed) == left:
            ManagingAccount.objects.update(lease=uuid.uuid4())

    monkeypatch.setattr(carrying_out, "apply", apply_and_lose)

    run = done(run)

    assert run.status == Status.APPLYING
    assert changed == [MANAGING.account_id] * left
