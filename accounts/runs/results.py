"""What checks found, as rows: kept with their time, compared with the last ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from accounts.models import CheckResult, Run
from onboarding.checks import Outcome
from onboarding.verify.result import Located, Result

GOOD = (Outcome.PROVED, Outcome.EVALUATED)

Earlier = dict[tuple[str, str], tuple[str, bool]]
"""(outcome, worse) by provider and name."""


def keep_results(run: Run, results: Iterable[Result], at: datetime) -> None:
    """Replace what a run found before it was killed by what it found now."""
    earlier = earlier_results(run)
    run.checks.all().delete()
    CheckResult.objects.bulk_create(
        CheckResult(
            run=run,
            position=position,
            checked_at=at,
            worse=got_worse(result, earlier),
            **asdict(result),
        )
        for position, result in enumerate(results)
    )


def earlier_results(run: Run) -> Earlier:
    """Return what the account's last verification found."""
    runs = Run.objects.checked().filter(account=run.account).exclude(pk=run.pk)
    if run.account is None:
        runs = runs.filter(kind=Run.Kind.MANAGING)
    found = CheckResult.objects.filter(run=runs.first())
    return {
        (provider, name): (outcome, worse)
        for provider, name, outcome, worse in found.values_list(
            "provider", "name", "outcome", "worse"
        )
    }


def got_worse(result: Result, earlier: Earlier) -> bool:
    """Return whether it failed and was good, or has been worse since it was."""
    if result.located == Located.BOWLINE:
        return False  # that says nothing of the account
    outcome, worse = earlier.get((result.provider, result.name), ("", False))
    return result.outcome is Outcome.FAILED and (outcome in GOOD or worse)
