from __future__ import annotations

import subprocess
import sys

import pytest

from script.bench_bundle import Figures, misses, row, topology


@pytest.mark.exhaustive
def test_it_prints_a_line_for_each_count_beside_hals_cost():
    run = subprocess.run(
        [sys.executable, "-m", "script.bench_bundle", "10", "20"],
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert run.returncode == 0, run.stderr
    head, ten, twenty, *_, last = run.stdout.splitlines()
    assert head.split()[:2] == ["accounts", "build"]
    assert (ten.split()[0], twenty.split()[0]) == ("10", "20")
    assert ten.endswith("0.8 min")
    assert last == "Every goal is met."


def test_one_account_in_twenty_has_a_cluster():
    providers = [len(managed.providers) for managed in topology(40).managed]

    assert (providers.count(4), providers.count(3)) == (2, 38)


def test_hours_are_told_as_hours():
    figures = Figures(1.0, 100.0, 1000)

    assert row(10_000, figures, figures).endswith("12.8 h")


@pytest.mark.parametrize(
    ("count", "seconds", "missed"),
    [(10_000, 6.0, 1), (10_000, 4.0, 0), (1_000, 6.0, 0)],
)
def test_the_goals_are_for_the_largest_count(count: int, seconds: float, missed: int):
    build = Figures(seconds, 100.0, 1)

    assert len(misses(count, build, Figures(1.0, 100.0, 1))) == missed
