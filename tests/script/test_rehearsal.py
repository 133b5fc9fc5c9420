"""A rehearsed month is played to its end, and notices what it should."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from script.rehearsal.agreement import Check, leaks, some
from script.rehearsal.figures import Figures, Line, Sample, median, slope
from script.rehearsal.people import Refused, patiently, problem
from script.rehearsal.report import said


@pytest.mark.exhaustive
def test_four_days_agree_in_the_end() -> None:
    play = [sys.executable, "-m", "script.rehearsal"]
    run = subprocess.run(
        [*play, "--minutes", "0", "--accounts", "5", "--days", "4"],
        capture_output=True,
        text=True,
        timeout=1200,
    )

    assert run.returncode == 0, run.stderr[-4000:]
    assert "# A rehearsed month" in run.stdout
    assert "| Nights | 4 |" in run.stdout
    assert "| Rotations finished |" in run.stdout
    assert "| The chain of the activity log holds |" in run.stdout
    assert "worker killed and started again" in run.stdout.lower()
    assert "**no:" not in run.stdout
    assert run.stdout.rstrip().endswith("Nothing.")


def figures_of(*megabytes: float, start: int = 1) -> Figures:
    figures = Figures(SimpleNamespace(servers={}), {})  # type: ignore[arg-type]
    figures.samples["web"] = [
        Sample(60.0 * minute, start, size, 10) for minute, size in enumerate(megabytes)
    ]
    return figures


def test_memory_that_grows_has_a_slope() -> None:
    line = figures_of(*(100.0 + minute for minute in range(60))).line("web", since=0)

    assert line is not None
    assert round(line.per_hour) == 60
    assert (line.first, line.last) < (120, 160)
    assert line.last - line.first > 40


def test_only_the_last_start_of_a_server_counts_once_it_is_warm() -> None:
    figures = figures_of(*[500.0] * 20)
    figures.samples["web"] += [
        Sample(1200.0 + 60 * minute, 2, 900.0 if minute < 2 else 100.0, 10)
        for minute in range(20)
    ]
    line = figures.line("web", since=0)

    assert line is not None
    assert (line.first, line.last, round(line.per_hour)) == (100, 100, 0)
    assert figures.line("worker", since=0) is None
    assert figures_of(1.0, 1.0).line("web", since=0) is None


@pytest.mark.parametrize(
    ("first", "per_hour", "minutes", "found"),
    [
        (100.0, 11.0, 30, True),
        (100.0, 9.0, 30, False),
        (100.0, 11.0, 29, False),
        (2.0, 0.6, 30, True),
        (2.0, 0.4, 30, False),
    ],
)
def test_memory_leaks_from_a_tenth_or_half_a_megabyte_an_hour(
    first: float, per_hour: float, minutes: float, found: bool
) -> None:
    assert leaks(Line(100, minutes, first, first, per_hour)) is found


def test_a_slope_of_one_moment_is_none() -> None:
    assert slope([Sample(1.0, 1, 5.0, 1)]) == 0
    assert median([3, 1, 2]) == 2


def test_what_is_wrong_is_named_and_counted() -> None:
    assert some([]) == ""
    assert some(range(7)) == "7: 0, 1, 2, 3, 4"
    assert said(Check("a", "b")) == "yes"
    assert said(Check("a", "b", "1: c")) == "**no: 1: c**"


def test_a_site_that_is_away_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("script.rehearsal.people.time.sleep", lambda _: None)
    answers: list[Any] = [ConnectionRefusedError(), "ok"]

    def ask() -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert patiently(ask) == "ok"


def test_what_the_site_refuses_is_said() -> None:
    assert str(Refused(409, problem(b'{"code": "a", "detail": "b"}'))) == "409 a: b"
    assert problem(b"<html>")["detail"] == "<html>"
