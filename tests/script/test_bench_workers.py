"""The benchmark of workers carries a rollout to its end, and says what it took."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from script.bench_workers import BEFORE, NOW


@pytest.mark.exhaustive
def test_it_measures_a_rollout() -> None:
    run = subprocess.run(
        [
            *(sys.executable, "-m", "script.bench_workers"),
            *("2", "--delay", "0.01", "--one", "1", "4"),
        ],
        capture_output=True,
        text=True,
        timeout=240,
    )

    assert run.returncode == 0, run.stderr
    figures = json.loads(run.stdout.splitlines()[-1])
    assert figures["wrong"] == []
    assert min(*figures["seconds"].values(), figures["cpu"], figures["megabytes"]) > 0


def test_it_says_what_it_compares() -> None:
    assert str(BEFORE) == "4 processes with 1 run each"
    assert str(NOW) == "2 processes with 32 runs each"
