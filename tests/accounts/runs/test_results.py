"""What checks found, kept and compared with the verification before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import CheckResult, ManagedAccount, Run
from accounts.runs.results import keep_results
from onboarding.checks import Outcome
from onboarding.verify.result import Located, Result
from tests.rows import account_row

pytestmark = pytest.mark.django_db

START = timezone.now()


def verified(
    account: ManagedAccount | None, outcome: Outcome, *, day: int, located: str = ""
) -> Run:
    """Keep a verification with one check, so many days after the start."""
    at = START + timedelta(days=day)
    kind = Run.Kind.VERIFY if account else Run.Kind.MANAGING
    run = Run.objects.create(account=account, kind=kind, status="verified")
    Run.objects.filter(pk=run.pk).update(created_at=at)
    keep_results(run, [Result("chain", "Get in", outcome, located=located)], at)
    return run


def standing(**fields: str) -> ManagedAccount:
    return account_row(granted_at=START, **fields)


def test_results_take_the_place_of_what_the_same_run_kept_before() -> None:
    run = Run.objects.create(account=standing())
    result = Result("chain", "Get in", Outcome.FAILED, "No.", "Mend.", 0.5, line=3)

    keep_results(run, [result, result], START)
    keep_results(run, [result], START)

    (check,) = run.checks.all()
    assert (check.sentence, check.fix, check.line) == ("No.", "Mend.", 3)
    assert (check.checked_at, check.worse) == (START, False)


@pytest.mark.parametrize("good", [Outcome.PASSED, Outcome.EVALUATED])
def test_a_change_from_good_to_bad_is_worse(good: Outcome) -> None:
    account = standing()
    verified(account, good, day=1)

    run = verified(account, Outcome.FAILED, day=2)

    assert [check.run for check in CheckResult.objects.got_worse()] == [run]


def test_it_stays_worse_until_it_is_good_again() -> None:
    account = standing()
    verified(account, Outcome.PASSED, day=1)
    verified(account, Outcome.FAILED, day=2)
    third = verified(account, Outcome.FAILED, day=3)

    still = [check.run for check in CheckResult.objects.got_worse()]
    verified(account, Outcome.PASSED, day=4)

    assert still == [third]
    assert not CheckResult.objects.got_worse()


def test_what_never_was_good_does_not_get_worse() -> None:
    account = standing()
    verified(account, Outcome.NOT_TESTABLE, day=1)
    verified(account, Outcome.FAILED, day=2)

    assert not CheckResult.objects.got_worse()


def test_nothing_is_compared_with_a_run_that_knew_nothing() -> None:
    account = standing()
    verified(account, Outcome.PASSED, day=1)
    verified(account, Outcome.FAILED, day=2, located=Located.BOWLINE)
    third = verified(account, Outcome.FAILED, day=3)

    assert [check.run for check in CheckResult.objects.got_worse()] == [third]


def test_it_says_only_once_that_something_got_worse() -> None:
    account = standing()
    said = []

    for day, outcome in enumerate((Outcome.PASSED, Outcome.FAILED, Outcome.FAILED)):
        at = START + timedelta(days=day)
        run = Run.objects.create(account=account, kind=Run.Kind.VERIFY, status="failed")
        Run.objects.filter(pk=run.pk).update(created_at=at)
        said.append(keep_results(run, [Result("chain", "Get in", outcome)], at))

    assert said == [False, True, False]


def test_accounts_are_compared_with_themselves() -> None:
    verified(standing(), Outcome.PASSED, day=1)
    other = standing(name="other", account_id="933333333333")

    verified(other, Outcome.FAILED, day=2)
    verified(None, Outcome.FAILED, day=3)

    assert not CheckResult.objects.got_worse()


def test_the_managing_account_gets_worse_too() -> None:
    verified(None, Outcome.PASSED, day=1)
    run = verified(None, Outcome.FAILED, day=2)

    assert [check.run for check in CheckResult.objects.got_worse()] == [run]


def test_a_removed_account_is_told_of_no_more() -> None:
    account = standing()
    verified(account, Outcome.PASSED, day=1)
    verified(account, Outcome.FAILED, day=2)

    ManagedAccount.objects.update(granted_at=None)

    assert not CheckResult.objects.got_worse()
