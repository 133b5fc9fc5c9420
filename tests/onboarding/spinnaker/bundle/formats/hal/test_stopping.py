"""Ctrl-C and its like, while nothing is changed and while an account is."""

from __future__ import annotations

import signal

import pytest

from onboarding.spinnaker.bundle.formats.hal.stopping import Stop, Stopped


def test_it_stops_at_once_while_nothing_is_changed():
    stop = Stop()

    with pytest.raises(Stopped):
        stop.heard(signal.SIGTERM, None)

    assert (stop.name, stop.status) == ("SIGTERM", 143)


def test_the_account_is_finished_first(capsys: pytest.CaptureFixture[str]):
    stop = Stop()
    stop.defers = True

    stop.heard(signal.SIGINT, None)

    assert stop.status == 130
    assert "Ctrl-C: stopping once hal has finished this" in capsys.readouterr().err


def test_the_second_time_stops_at_once():
    stop = Stop()
    stop.defers = True
    stop.heard(signal.SIGINT, None)

    with pytest.raises(Stopped):
        stop.heard(signal.SIGINT, None)


def test_what_nohup_ignores_stays_ignored(monkeypatch: pytest.MonkeyPatch):
    listened: list[int] = []
    ignored = signal.SIGHUP
    monkeypatch.setattr(
        signal,
        "getsignal",
        lambda one: signal.SIG_IGN if one == ignored else signal.SIG_DFL,
    )
    monkeypatch.setattr(signal, "signal", lambda one, _: listened.append(one))

    Stop().listen()

    assert listened == [signal.SIGINT, signal.SIGTERM]
