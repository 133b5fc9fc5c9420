"""The nights that script/bench history measures: how many rows they leave."""

from __future__ import annotations

import pytest

from accounts.models import CheckResult, Findings, Run
from script.bench_history import CHECKS, REFUSED, extrapolated, verified

pytestmark = pytest.mark.django_db
ACCOUNTS, NIGHTS = 3, 4


def test_without_folding_every_night_leaves_all_its_rows() -> None:
    nights = list(verified(ACCOUNTS, NIGHTS, folds=False))

    assert len(nights) == NIGHTS
    assert CheckResult.objects.count() == ACCOUNTS * NIGHTS * CHECKS
    assert not Findings.objects.exists()


def test_with_folding_only_the_newest_night_and_what_changed_are_left() -> None:
    list(verified(ACCOUNTS, NIGHTS, folds=True))

    assert CheckResult.objects.count() == ACCOUNTS * CHECKS
    assert Run.objects.filter(findings=None).count() == ACCOUNTS
    failed = min(ACCOUNTS, NIGHTS - 1, REFUSED)
    assert Findings.objects.count() == ACCOUNTS + failed


def test_only_what_grows_is_multiplied_by_the_nights() -> None:
    sizes = {"checkresult": (8, 10), "run": (2, 1)}

    assert extrapolated(sizes, 2, 3, grows=("run",)) == 20 + 6
