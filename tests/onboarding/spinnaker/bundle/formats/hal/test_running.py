"""How scripts call hal, wait for it, and are stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from onboarding.spinnaker.bundle.formats.hal import calling
from onboarding.spinnaker.bundle.formats.hal.calling import Refused
from onboarding.spinnaker.bundle.formats.hal.lock import alone
from onboarding.spinnaker.bundle.formats.hal.stopping import Stop, Stopped
from tests.hal import Hal


@pytest.fixture
def hal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hal:
    hal = Hal(tmp_path)
    for name, value in hal.environment.items():
        monkeypatch.setenv(name, value)
    return hal


def test_a_slow_hal_is_waited_for_with_signs_of_life(
    hal: Hal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(calling, "PATIENCE", 0.02)
    hal.is_slow_at("config", 0.5)

    assert "providers" in calling.asked()

    told = capsys.readouterr().err
    assert told.startswith("Waiting for hal (0 s) ...")
    assert told.count("hal hasn't answered for a minute. Unless NO_VALIDATE=1") == 1
    assert "proxy" in told


def test_ctrl_c_does_not_reach_hal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A terminal sends it to the processes of its own session."""
    program = tmp_path / "hal"
    own = "import os; print(os.getsid(0))"
    program.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{own}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert int(calling.hal(("config",))) != os.getsid(0)


def test_a_quick_hal_is_not_talked_about(hal: Hal, capsys: pytest.CaptureFixture[str]):
    calling.asked()

    assert capsys.readouterr().err == ""


def test_a_terminal_that_is_gone_stops_nothing(monkeypatch: pytest.MonkeyPatch):
    class Gone:
        def write(self, _: str) -> None:
            raise OSError

    monkeypatch.setattr("sys.stderr", Gone())

    calling.say("Nobody reads this.")


def test_hal_says_nothing_where_it_prints_no_json(hal: Hal):
    (hal.bin / "hal").write_text("#!/bin/sh\necho nothing\n")

    with pytest.raises(calling.Refused, match="hal didn't list its accounts"):
        calling.asked()


@pytest.mark.parametrize("line", ["{deployment} is the current one", '{"level": 1}'])
def test_a_line_of_hals_that_only_begins_like_the_answer_is_passed_over(
    hal: Hal, line: str
):
    program = hal.bin / "hal"
    real = program.rename(hal.bin / "real")
    program.write_text(f"#!/bin/sh\necho '{line}'\nexec {real} \"$@\"\n")
    program.chmod(0o755)

    assert set(calling.asked()["providers"]) == {"aws", "ecs", "kubernetes"}


def test_a_call_that_is_broken_off_leaves_no_hal_behind(
    hal: Hal, monkeypatch: pytest.MonkeyPatch
):
    calls: list[subprocess.Popen[str]] = []

    def broken_off(call: subprocess.Popen[str]) -> tuple[str, str]:
        calls.append(call)
        raise KeyboardInterrupt

    monkeypatch.setattr(calling, "answered", broken_off)
    hal.is_slow_at("config", 60)

    with pytest.raises(KeyboardInterrupt):
        calling.asked()

    assert calls[0].returncode == -signal.SIGKILL


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


def test_the_second_is_told_who_has_it(tmp_path: Path):
    with alone(tmp_path), pytest.raises(Refused, match=f"process {os.getpid()} of"):
        alone(tmp_path).__enter__()


def test_it_is_free_again_afterwards(tmp_path: Path):
    with alone(tmp_path):
        pass

    with alone(tmp_path):
        assert (tmp_path / "bowline.lock").read_text().count("process") == 1


def test_everybody_may_take_it_whoever_made_it(tmp_path: Path):
    with alone(tmp_path):
        assert (tmp_path / "bowline.lock").stat().st_mode & 0o777 == 0o666


def test_where_no_file_can_be_made_it_says_so_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "file").touch()

    with alone(tmp_path / "file" / "hal"):
        assert "Make sure that no other script" in capsys.readouterr().err
