"""The benchmark of an account carries some to their end, and adds up what that took."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from script.bench_account import KINDS, TOGETHER, Cost


@pytest.mark.exhaustive
def test_it_measures_each_stage_of_each_kind() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "script.bench_account", "1", "--json"],
        capture_output=True,
        text=True,
        timeout=240,
    )

    assert run.returncode == 0, run.stderr
    costs = json.loads(run.stdout.splitlines()[-1])
    stages = ("planning", "applying", "verifying", TOGETHER)
    assert [cost[:2] for cost in costs] == [[k, s] for k in KINDS for s in stages]
    for _, _, (cpu, calling, calls, queries) in costs:
        assert cpu > calling > 0
        assert calls > 5
        assert queries > 5
    planning, applying, verifying, together = (Cost(*cost) for _, _, cost in costs[:4])
    assert together == planning + applying + verifying


def test_costs_add_up_and_are_shared_out() -> None:
    both = Cost(1.0, 0.5, 30, 40) + Cost(3.0, 1.5, 10, 20)

    assert both.each(2) == Cost(2.0, 1.0, 20, 30)
