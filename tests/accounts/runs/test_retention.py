"""Old verifications go; how an account stands, and what changed AWS, never does."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import CheckResult, ManagedAccount, Run
from accounts.models.states import Status
from accounts.runs import results
from accounts.runs.results import delete_old_verifications, keep_results
from onboarding.checks import Outcome
from onboarding.verify.result import Located, Result
from tests.rows import account_row, step_row

pytestmark = pytest.mark.django_db

NOW = timezone.now()
BEFORE = NOW - timedelta(days=90)


def verified(
    account: ManagedAccount | None,
    *,
    at: datetime = BEFORE - timedelta(days=1),
    outcome: Outcome = Outcome.PASSED,
    located: str = "",
    **fields: Any,
) -> Run:
    """Make a run that ended then, with what it found."""
    plain = {
        "kind": Run.Kind.VERIFY if account else Run.Kind.MANAGING,
        "status": Status.VERIFIED,
    }
    run = Run.objects.create(account=account, **{**plain, **fields})
    Run.objects.filter(pk=run.pk).update(created_at=at, finished_at=at)
    keep_results(run, [Result("chain", "Get in", outcome, located=located)], at)
    return run


def left(*runs: Run) -> list[Run]:
    """Keep of these what a deletion left."""
    delete_old_verifications(BEFORE)
    standing = set(Run.objects.values_list("pk", flat=True))
    return [run for run in runs if run.pk in standing]


def test_an_old_verification_goes_with_its_results_once_a_later_one_is_there() -> None:
    account = account_row()
    old, new = verified(account), verified(account, at=NOW)

    assert left(old, new) == [new]
    assert [check.run for check in CheckResult.objects.all()] == [new]


def test_a_verification_goes_when_it_is_older_than_asked_for_and_not_before() -> None:
    account = account_row()
    at_the_limit = verified(account, at=BEFORE)
    older = verified(account, at=BEFORE - timedelta(microseconds=1))
    verified(account, at=NOW)

    assert left(at_the_limit, older) == [at_the_limit]


def test_it_is_the_end_of_a_run_that_counts() -> None:
    account = account_row()
    run = verified(account)
    Run.objects.filter(pk=run.pk).update(finished_at=NOW)
    verified(account, at=NOW)

    assert left(run) == [run]


def test_the_newest_verification_of_an_account_stays_however_old_it_is() -> None:
    account = account_row()
    older, old = (verified(account, at=BEFORE - timedelta(days=d)) for d in (2, 1))
    other = verified(account_row("other", account_id="933333333333"), at=NOW)

    assert left(older, old, other) == [old, other]


def test_what_the_next_verification_is_compared_with_stays() -> None:
    account = account_row(granted_at=NOW)
    known = verified(account)
    unknown = verified(account, at=NOW, outcome=Outcome.FAILED, located=Located.BOWLINE)

    assert left(known, unknown) == [known, unknown]
    worse = verified(account, at=NOW, outcome=Outcome.FAILED)
    assert [check.run for check in CheckResult.objects.got_worse()] == [worse]


def test_what_got_worse_long_ago_is_still_told() -> None:
    account = account_row(granted_at=NOW)
    verified(account, at=BEFORE - timedelta(days=3))
    verified(account, at=BEFORE - timedelta(days=2), outcome=Outcome.FAILED)
    newest = verified(account, outcome=Outcome.FAILED)

    assert left(newest) == [newest]
    assert [check.run for check in CheckResult.objects.got_worse()] == [newest]


@pytest.mark.parametrize("kind", [Run.Kind.ONBOARD, Run.Kind.MANAGING])
def test_a_run_that_found_nothing_to_change_only_verified(kind: Run.Kind) -> None:
    account = account_row() if kind == Run.Kind.ONBOARD else None
    old = verified(account, kind=kind)
    new = verified(account, kind=kind, at=NOW)

    assert left(old, new) == [new]


@pytest.mark.parametrize("kind", Run.Kind)
def test_a_run_with_a_plan_stays_with_its_results(kind: Run.Kind) -> None:
    account = account_row()
    run = verified(account, kind=kind)
    step_row(run)
    verified(account, at=NOW)

    assert left(run) == [run]
    assert run.checks.count() == 1


def test_a_run_that_a_person_approved_stays() -> None:
    account = account_row()
    run = verified(account, kind=Run.Kind.ONBOARD, approved_at=NOW)
    verified(account, at=NOW)

    assert left(run) == [run]


def test_a_run_that_never_came_to_checks_is_no_verification() -> None:
    account = account_row()
    run = verified(account, kind=Run.Kind.ONBOARD, status=Status.FAILED)
    run.checks.all().delete()
    verified(account, at=NOW)

    assert left(run) == [run]


@pytest.mark.parametrize("status", [Status.FAILED, Status.EVALUATED, Status.OUTDATED])
def test_a_verification_goes_however_it_ended(status: Status) -> None:
    account = account_row()
    run = verified(account, status=status)
    run.checks.all().delete()
    verified(account, at=NOW)

    assert left(run) == []


def test_a_run_that_is_open_stays() -> None:
    account = account_row()
    run = verified(account, status=Status.VERIFYING)
    verified(account, at=NOW)

    assert left(run) == [run]


def test_the_managing_accounts_verifications_are_its_own() -> None:
    managing = verified(None)
    verified(account_row(), at=NOW)

    assert left(managing) == [managing]


def test_verifications_of_an_account_that_is_forgotten_go() -> None:
    account = account_row()
    only = verified(account)
    changed = verified(account, kind=Run.Kind.ONBOARD)
    step_row(changed)
    account.delete()

    assert left(only, changed) == [changed]


def test_as_many_go_as_asked_for_the_oldest_first() -> None:
    account = account_row()
    runs = [verified(account, at=BEFORE - timedelta(days=d)) for d in (1, 2, 3)]
    verified(account, at=NOW)

    assert delete_old_verifications(BEFORE, most=2) == 2

    assert list(Run.objects.filter(finished_at__lt=BEFORE)) == runs[:1]


@pytest.mark.parametrize(("runs", "queries"), [(0, 1), (1, 7), (4, 7), (8, 13)])
def test_a_batch_costs_the_same_whatever_it_holds(
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: Any,
    runs: int,
    queries: int,
) -> None:
    monkeypatch.setattr(results, "AT_ONCE", 4)
    account = account_row()
    for _ in range(runs):
        verified(account)
    verified(account, at=NOW)

    with django_assert_num_queries(queries):
        assert delete_old_verifications(BEFORE) == runs


@pytest.mark.django_db(transaction=True)
def test_a_deletion_that_is_killed_leaves_whole_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(results, "AT_ONCE", 1)
    account = account_row()
    runs = [verified(account, at=BEFORE - timedelta(days=d)) for d in (2, 1)]
    verified(account, at=NOW)

    with connection.execute_wrapper(killed_at_run(2)), pytest.raises(KeyboardInterrupt):
        delete_old_verifications(BEFORE)

    assert [run.checks.count() for run in runs] == [0, 1]
    assert left(*runs) == []


def killed_at_run(number: int) -> Callable[..., Any]:
    """Die when so many runs' results are deleted, and the run itself not yet."""
    deleted = itertools.count(1)

    def execute(send: Callable[..., Any], sql: str, *more: Any) -> Any:
        if sql.startswith('DELETE FROM "accounts_run" ') and next(deleted) == number:
            raise KeyboardInterrupt
        return send(sql, *more)

    return execute
