"""`manage.py onboard` of more than one account is a rollout, without a worker."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from celery import current_app
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from accounts.management.commands.onboard import Command
from accounts.models import ManagedAccount, Rollout, Run
from accounts.models.lease import LEASE
from accounts.models.states import State, Status
from accounts.runs import stages
from accounts.runs.actions import plan
from accounts.runs.rollouts.census import managing_run, runs_of
from accounts.runs.scope import Scope
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from script.emulated_organization import MEMBERS
from tests.accounts.management.onboarding import approved, onboard
from tests.accounts.runs.rollouts.rows import statuses
from tests.rows import account_row, run_row

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("here"),
]

DEV, STAGING = MEMBERS[:2]


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    sent: list[str] = []
    monkeypatch.setattr(
        current_app._get_current_object(),
        "send_task",
        lambda name, *_, **__: sent.append(name),
    )
    return sent


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Hold the names of the accounts that AWS refuses to change."""
    names: set[str] = set()
    apply_run = stages.STAGES[Status.APPLYING]

    def refused(run: Run, scope: Scope, sessions: Sessions) -> None:
        if run.account_name in names:
            raise AwsError("2", "CreateRole", "AWS refused it.", "Allow it.")
        apply_run(run, scope, sessions)

    monkeypatch.setitem(stages.STAGES, Status.APPLYING, refused)
    return names


def test_it_is_applied_in_waves_and_no_message_is_sent(
    file: Path, messages: list[str]
) -> None:
    ending = approved(file, "--threads", 3)

    rollout = Rollout.objects.get()
    assert (ending.code, ending.err) == (0, "")
    assert rollout.state == Rollout.State.FINISHED
    assert rollout.at_once == 3
    assert statuses(rollout) == {Status.VERIFIED: 2}
    waves = runs_of(rollout).order_by("number").values_list("account_name", "wave")
    assert list(waves) == [(DEV.name, 1), (STAGING.name, 2)]
    started = Run.objects.values_list("started_from", flat=True)
    assert set(started) == {Run.Origin.COMMAND}
    assert messages == []


def test_plans_wait_in_a_rollout_until_the_next_command_plans_or_approves(
    file: Path,
) -> None:
    first = onboard(file)
    second = onboard(file)
    third = onboard(file, "--approve")

    assert (first.code, second.code, third.code) == (2, 2, 0)
    assert f"+ role spinnakerManaged in {DEV.name}" in second.out
    states = Rollout.objects.order_by("number").values_list("state", "reason")
    assert list(states) == [
        ("stopped", "the command line stopped it."),
        ("finished", ""),
    ]


def test_one_that_is_being_carried_or_came_from_a_page_is_not_replaced(
    file: Path,
) -> None:
    onboard(file)
    carried = runs_of(Rollout.objects.get()).first()
    Run.objects.filter(pk=carried.pk).update(leased_until=Now() + LEASE)

    with pytest.raises(CommandError, match="part of another rollout"):
        onboard(file)

    Run.objects.update(started_from=Run.Origin.PAGE, leased_until=None)

    with pytest.raises(CommandError, match="part of another rollout"):
        onboard(file)
    assert Rollout.objects.get().state == Rollout.State.PLANNED


def test_a_failure_in_the_first_wave_keeps_the_others_from_starting(
    file: Path, broken: set[str]
) -> None:
    broken.add(DEV.name)

    ending = approved(file)

    assert ending.code == 1
    assert f"{DEV.name}: failed: AWS refused it.\n  Allow it.\n" in ending.err
    assert f"{STAGING.name}: approved, and not started\n" in ending.err
    assert f"is paused. {DEV.name} failed for a reason that might" in ending.err
    assert "1 account not started.\n" in ending.err
    assert statuses(Rollout.objects.get()) == {Status.FAILED: 1, Status.APPROVED: 1}

    broken.clear()
    again = approved(file)

    assert (again.code, again.err) == (0, "")
    assert {one.state for one in ManagedAccount.objects.all()} == {State.VERIFIED}


def test_what_a_killed_command_began_to_change_is_carried_to_its_end(
    file: Path,
) -> None:
    onboard(file)
    run = managing_run(Rollout.objects.get())
    Run.objects.filter(pk=run.pk).update(status=Status.APPLYING, approved_at=Now())

    ending = onboard(file, "--approve")

    run.refresh_from_db()
    assert ending.code == 0, ending.err
    assert run.status == Status.VERIFIED


def test_one_with_another_run_is_left_out_and_named(file: Path) -> None:
    approved(file)
    run = plan(ManagedAccount.objects.get(name=DEV.name), None)

    ending = onboard(file)

    assert ending.code == 1
    assert f"{STAGING.name}: verified\n" in ending.out
    assert ending.err == (
        f"{DEV.name}: {run.title} of {DEV.name} is in progress. Wait until it "
        "finishes.\n"
    )


def test_accounts_are_not_planned_where_the_managing_account_cannot_be(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(run: Run, scope: Scope, sessions: Sessions) -> None:
        raise AwsError("1", "GetRole", "AWS refused it.", "Allow it.")

    monkeypatch.setitem(stages.STAGES, Status.PLANNING, refused)

    ending = onboard(file)

    rollout = Rollout.objects.get()
    assert ending.code == 1
    assert rollout.state == Rollout.State.STOPPED
    assert statuses(rollout) == {Status.DISCARDED: 2}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_a_bar_and_then_the_same_lines(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen, out = Terminal(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)

    onboard(file)
    with pytest.raises(SystemExit) as end:
        call_command("onboard", str(file), "--approve", stdout=out, stderr=screen)

    assert end.value.code == 0
    assert "Plan  [" in screen.getvalue()
    assert "Apply  [" in screen.getvalue()
    assert "2/2" in screen.getvalue()
    ended = [line for line in out.getvalue().splitlines() if line.endswith("verified")]
    assert ended[1:] == [f"{DEV.name}: verified", f"{STAGING.name}: verified"]


def test_a_run_that_waits_for_the_managing_account_is_not_called_approved() -> None:
    """Nothing in its account has to change: Spinnaker may not assume it yet."""
    said = io.StringIO()

    Command(stderr=said).tell(run_row(Status.APPROVED, account=account_row()))

    assert said.getvalue() == (
        "staging: nothing to change, waits for the managing account\n"
    )
