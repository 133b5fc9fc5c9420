"""Two rollouts at once: one that overlaps is denied by name, another one waits for the
managing account, says so, and goes on by itself.
"""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import ManagedAccount, Rollout, Run
from accounts.models.states import Status
from accounts.runs import rollouts
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.census import comes_after, managing_run
from accounts.runs.rollouts.engine import advance
from tests.accounts.runs.rollouts.rows import SAME, move, plan, started, statuses
from tests.rows import account_row, person, run_row

ONBOARD = Rollout.Kind.ONBOARD
PLANNING, PLANNED, APPROVED = Status.PLANNING, Status.PLANNED, Status.APPROVED


@pytest.fixture
def first(managing) -> Rollout:
    return started(7)


@pytest.fixture
def second(first: Rollout) -> Rollout:
    account = account_row("other", account_id="888888888888")
    return rollouts.start([account], ONBOARD, person("operator"))


def end(rollout: Rollout) -> None:
    """Let its run of the managing account end well."""
    managing = managing_run(rollout)
    assert managing
    Run.objects.filter(pk=managing.pk).update(status=Status.VERIFIED)


def page(client: Any, rollout: Rollout) -> str:
    return " ".join(client.get(rollout.get_absolute_url()).content.decode().split())


def test_the_command_line_does_not_wait(first: Rollout) -> None:
    account = account_row("other", account_id="888888888888")

    with pytest.raises(rollouts.CannotStart, match=f"part of rollout {first.number}"):
        rollouts.start([account], ONBOARD, None, origin=Run.Origin.COMMAND)

    assert Rollout.objects.get() == first


def test_one_that_overlaps_is_refused_with_the_first_names(first: Rollout) -> None:
    with pytest.raises(rollouts.CannotStart) as refused:
        rollouts.start(ManagedAccount.objects.all(), ONBOARD, None)

    named = [f"team-00{n} (rollout {first.number})" for n in range(1, 6)]
    assert f"{', '.join(named)}, and 2 more. Wait until it" in str(refused.value)
    assert Rollout.objects.get() == first


def test_one_of_other_accounts_plans_them_and_says_what_it_waits_for(
    client: Any, first: Rollout, second: Rollout
) -> None:
    client.force_login(person("viewer"))
    move(second, PLANNING, PLANNED, fingerprint=SAME)

    shown = page(client, second)

    assert comes_after(second) == managing_run(first)
    assert second.state == Rollout.State.PLANNING
    assert "Waiting for the managing account" in shown
    assert f"rollout {first.number}</a> is changing the managing account" in shown
    assert "Waiting for the managing account" not in page(client, first)


def test_it_plans_the_managing_account_by_itself_once_the_other_run_ended(
    first: Rollout, second: Rollout
) -> None:
    move(second, PLANNING, PLANNED, fingerprint=SAME)
    advance(second.number)
    before = managing_run(second)
    end(first)

    advance(second.number)
    advance(second.number)

    after = managing_run(second)
    assert before is None
    assert after
    assert after.status == PLANNING
    assert [account.name for account in after.grants.all()] == ["other"]
    assert after.created_by == second.created_by
    assert comes_after(second) is None


def test_none_of_its_accounts_begins_before_that(
    first: Rollout, second: Rollout
) -> None:
    move(second, PLANNING, PLANNED, fingerprint=SAME)
    decisions.approve_group(second, SAME, person("approver"))
    advance(second.number)
    waiting = statuses(second)
    end(first)

    plan(second)

    assert waiting == {APPROVED: 1}
    assert statuses(second) == {Status.APPLYING: 1}


def test_a_plan_of_the_managing_account_that_waits_is_not_discarded_later(
    first: Rollout, second: Rollout
) -> None:
    end(first)
    waits = run_row(PLANNED, account=None, kind=Run.Kind.MANAGING)

    advance(second.number)

    waits.refresh_from_db()
    assert waits.status == PLANNED
    assert comes_after(second) == waits


def test_one_whose_accounts_all_failed_plans_no_managing_account(
    first: Rollout, second: Rollout
) -> None:
    move(second, PLANNING, Status.FAILED)
    end(first)

    advance(second.number)

    assert managing_run(second) is None
    assert second.state == Rollout.State.FINISHED
