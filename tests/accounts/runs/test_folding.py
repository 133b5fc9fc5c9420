"""Superseded verifications are folded: few rows are left, and they read the same."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts import tasks
from accounts.models import CheckResult, Findings, ManagedAccount, Run
from accounts.models.states import Status
from accounts.runs import results as retention
from accounts.runs.results import (
    delete_old_verifications,
    delete_unused_findings,
    fold_superseded,
    keep_results,
    results_of,
)
from accounts.runs.rollouts.census import is_ready
from onboarding.checks import Outcome
from onboarding.verify.result import Located, Result
from tests.rows import account_row, step_row

pytestmark = pytest.mark.django_db

START = timezone.now() - timedelta(days=30)
CHECKS = 40
REFUSED = Result(
    "ec2",
    "Find subnets",
    Outcome.FAILED,
    "AWS refused it.",
    "Plan again.",
    1.25,
    Located.OUR_POLICY,
    '{\n  "Version": "2012-10-17"\n}',
    2,
    "aws iam get-role",
)


def results(seconds: float = 0.084) -> list[Result]:
    return [
        Result("ec2", f"Check {n}", Outcome.PASSED, "AWS answered.", "", seconds)
        for n in range(CHECKS)
    ]


def verified(
    account: ManagedAccount | None,
    day: int,
    found: list[Result] | None = None,
    **fields: Any,
) -> Run:
    at = START + timedelta(days=day)
    kind = Run.Kind.VERIFY if account else Run.Kind.MANAGING
    plain = {"kind": kind, "status": Status.VERIFIED, "account_name": "staging"}
    run = Run.objects.create(account=account, **{**plain, **fields})
    Run.objects.filter(pk=run.pk).update(created_at=at, finished_at=at)
    keep_results(run, results(day / 100) if found is None else found, at)
    return run


def again(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def shown(run: Run) -> list[tuple[Any, ...]]:
    """Return what is known of each check, with its time in milliseconds."""
    names = ("position", "provider", "name", "outcome", "sentence", "fix", "located")
    names = (*names, "document", "line", "change", "worse", "lines", "checked_at")
    return [
        (*(getattr(check, name) for name in names), round(check.seconds * 1000))
        for check in results_of(again(run))
    ]


def test_equal_verifications_leave_one_row_and_each_reads_the_same() -> None:
    account = account_row()
    runs = [verified(account, day) for day in range(10)]
    before = [shown(run) for run in runs]

    assert fold_superseded() == 9

    assert {check.run for check in CheckResult.objects.all()} == {runs[-1]}
    assert CheckResult.objects.count() == CHECKS
    assert Findings.objects.count() == 1
    assert [shown(run) for run in runs] == before
    assert fold_superseded() == 0


def test_what_changed_is_kept_word_for_word() -> None:
    account = account_row(granted_at=START)
    runs = [
        verified(account, day, found)
        for day, found in enumerate(
            [results(), [*results(), REFUSED], [REFUSED, *results()], results()]
        )
    ]
    before = [shown(run) for run in runs]

    fold_superseded()

    assert [shown(run) for run in runs] == before
    assert before[1][-1][4:7] == ("AWS refused it.", "Plan again.", "our policy")
    assert Findings.objects.count() == 3


def test_what_got_worse_is_compared_with_and_told_as_before() -> None:
    account = account_row(granted_at=START)
    good = Result("ec2", "Find subnets", Outcome.PASSED)
    verified(account, 1, [good])
    verified(account, 2, [REFUSED])
    fold_superseded()

    newest = verified(account, 3, [REFUSED])
    fold_superseded()

    assert [check.run for check in CheckResult.objects.got_worse()] == [newest]
    verified(account, 4, [good])
    assert not CheckResult.objects.got_worse()


def test_the_newest_that_says_something_of_the_account_stays_rows() -> None:
    account = account_row(granted_at=START)
    older = verified(account, 1)
    newest = verified(account, 2)
    unknown = Result("chain", "Be Bowline", Outcome.FAILED, located=Located.BOWLINE)
    blamed = verified(account, 3, [unknown])

    fold_superseded()

    assert again(older).findings is not None
    assert again(newest).findings is None
    assert again(blamed).findings is None


def test_a_run_that_changed_aws_is_folded_and_an_open_one_is_not() -> None:
    account = account_row()
    changed = verified(account, 1, kind=Run.Kind.ONBOARD)
    step_row(changed)
    killed = verified(account_row("other", account_id="9" * 12), 1)
    Run.objects.filter(pk=killed.pk).update(account=account, status=Status.VERIFYING)
    verified(account, 2)

    fold_superseded()

    assert again(changed).findings is not None
    assert again(killed).findings is None
    assert len(results_of(again(changed))) == len(results_of(killed)) == CHECKS


def test_the_managing_accounts_and_forgotten_accounts_are_folded() -> None:
    managing = [verified(None, day) for day in (1, 2)]
    account = account_row()
    forgotten = verified(account, 1)
    account.delete()

    fold_superseded()

    folded = [again(run).findings is not None for run in (*managing, forgotten)]
    assert folded == [True, False, True]


def test_folded_verifications_are_deleted_in_time_with_what_they_found() -> None:
    account = account_row()
    old = verified(account, 1, [REFUSED])
    onboarded = verified(account, 2, kind=Run.Kind.ONBOARD)
    newest = verified(account, 20)
    fold_superseded()
    delete_unused_findings()
    assert Findings.objects.count() == 2

    delete_old_verifications(START + timedelta(days=10))
    delete_unused_findings()

    assert set(Run.objects.all()) == {newest}
    assert not Findings.objects.exists()
    assert {old, onboarded}.isdisjoint(Run.objects.all())


def test_the_clock_folds(settings: Any) -> None:
    settings.KEEP_CHECKS_DAYS = 0
    account = account_row()
    runs = [verified(account, day) for day in (1, 2)]

    tasks.delete_old()

    assert CheckResult.objects.count() == CHECKS
    assert [len(results_of(again(run))) for run in runs] == [CHECKS, CHECKS]


def test_a_folded_run_says_still_whether_it_reached_its_account() -> None:
    unknown = Result("chain", "Be Bowline", Outcome.FAILED, located=Located.BOWLINE)
    reached = verified(None, 1, [REFUSED], status=Status.FAILED)
    blamed = verified(None, 2, [unknown], status=Status.FAILED)
    verified(None, 3)

    fold_superseded()

    assert CheckResult.objects.count() == CHECKS
    assert is_ready(again(reached))
    assert not is_ready(again(blamed))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("dies", [1, 2, 3])
def test_one_that_is_killed_leaves_every_run_whole(
    monkeypatch: pytest.MonkeyPatch, dies: int
) -> None:
    monkeypatch.setattr(retention, "FOLDED_AT_ONCE", 1)
    account = account_row()
    runs = [verified(account, day) for day in range(4)]
    before = [shown(run) for run in runs]

    with connection.execute_wrapper(killed(dies)), pytest.raises(KeyboardInterrupt):
        fold_superseded()

    assert [shown(run) for run in runs] == before
    assert CheckResult.objects.count() == CHECKS * (5 - dies)
    fold_superseded()
    assert [shown(run) for run in runs] == before
    assert CheckResult.objects.count() == CHECKS


def killed(number: int) -> Callable[..., Any]:
    """Die when so many runs' rows are deleted, and nothing is committed of that."""
    deleted = itertools.count(1)

    def execute(send: Callable[..., Any], sql: str, *more: Any) -> Any:
        answer = send(sql, *more)
        deletes = sql.startswith('DELETE FROM "accounts_checkresult"')
        if deletes and next(deleted) == number:
            raise KeyboardInterrupt
        return answer

    return execute


@pytest.mark.parametrize("count", [2, 20])
def test_a_batch_costs_the_same_whatever_it_holds(
    django_assert_max_num_queries: Any, count: int
) -> None:
    account = account_row()
    for day in range(count):
        verified(account, day)

    with django_assert_max_num_queries(9):
        assert fold_superseded() == count - 1
