"""A thread that computes too long about one account stops by itself, wherever it is."""

from __future__ import annotations

from threading import Barrier, get_ident

import pytest

from onboarding import bounded_cpu
from onboarding.aws.client import THREADS, together
from onboarding.bounded_cpu import TooMuchCpu, cpu_bounded, go_on


def test_whoever_is_not_bounded_goes_on() -> None:
    go_on()

    assert bounded_cpu.BOUND.get() is None


def test_whoever_had_its_time_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with cpu_bounded():
        go_on()
        monkeypatch.setattr(bounded_cpu, "thread_time", lambda: float("inf"))
        with cpu_bounded(), pytest.raises(TooMuchCpu):  # which gives no more
            go_on()
    go_on()


def test_those_who_help_have_a_time_of_their_own() -> None:
    all_of_them = Barrier(THREADS)

    def bound() -> tuple[int, int]:
        all_of_them.wait(30)
        own = bounded_cpu.BOUND.get()
        return get_ident(), own.thread if own else 0

    with cpu_bounded():
        found = together([bound] * THREADS)

    assert len({*found}) == THREADS
    assert all(thread == bounded for thread, bounded in found)
