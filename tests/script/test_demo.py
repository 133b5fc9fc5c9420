"""The demo of somebody who has just cloned the repository."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from subprocess import Popen

import pytest

from script.demo_servers import Ended, Server, Started, wait
from script.servers import answers, running, wait_until
from tests.fresh_clone import FreshClone
from tests.servers import processes_of

LONG = 600.0
"""Seconds for the demo to start: it waits as long as its servers do."""


def groups_of(parent: int) -> set[int]:
    """List the process groups of a process's children."""
    command = ["ps", "-A", "-o", "ppid=,pgid="]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [line.split() for line in listed.stdout.splitlines()]
    return {int(group) for of, group in rows if of == str(parent)}


def test_it_says_where_it_is_and_ctrl_c_ends_all_of_it(
    fresh_clone: FreshClone,
) -> None:
    said = fresh_clone.folder / "said"
    with (
        said.open("wb") as output,
        Popen(
            ["script/demo"],
            cwd=fresh_clone.folder,
            env={"PATH": os.environ["PATH"]},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as demo,
    ):
        try:
            wait_until(
                lambda: "Ctrl-C" in said.read_text() or demo.poll() is not None,
                what="The demo was not ready",
                seconds=LONG,
            )
            assert demo.returncode is None, said.read_text()
            (site,) = re.findall(r"ready: (http://\S+)", said.read_text())
            wait_until(
                lambda: answers(f"{site}/sign-in/"),
                what="The site did not answer",
                seconds=LONG,
            )
            groups = groups_of(demo.pid)
            os.killpg(demo.pid, signal.SIGINT)
            demo.wait(60)
        finally:
            demo.kill()

    assert len(groups) == 5
    assert [left for group in groups for left in processes_of(group)] == []
    assert demo.returncode == 0
    lines = said.read_text().splitlines()
    assert lines[-1] == "Bowline has stopped."
    # The logs are in files: nothing of theirs is between what people should read.
    assert not [line for line in lines if re.search(r"Traceback|INFO|WARN", line)]
    (log,) = re.findall(r"\S+/worker\.log", said.read_text())
    assert "ready." in Path(log).read_text()


def server_of(log: Path, code: str, *steps: bool) -> Server:
    ready = iter(steps)
    command = (sys.executable, "-c", code)
    return Server(log.stem, command, os.environ, lambda: next(ready, True))


def test_it_says_what_it_waits_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sleeping = "import time; time.sleep(60)"
    slow = server_of(tmp_path / "slow.log", sleeping, False, False, False)
    quick = server_of(tmp_path / "quick.log", sleeping, False)
    with (
        running([*slow.command], environment=os.environ, log=tmp_path / "log") as one,
        running([*quick.command], environment=os.environ, log=tmp_path / "log") as two,
    ):
        wait([Started(slow, one), Started(quick, two)])

    assert capsys.readouterr().out.splitlines() == [
        "Waiting for: slow, quick ...",
        "Waiting for: slow ...",
    ]


def test_it_says_which_server_ended_and_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("script.demo_servers.LOGS", tmp_path)
    server = server_of(
        tmp_path / "worker.log", "raise SystemExit('No')", *[False] * 999
    )

    with (
        running([*server.command], environment=os.environ, log=server.log) as process,
        pytest.raises(Ended) as caught,
    ):
        wait([Started(server, process)])

    assert str(caught.value).splitlines()[0] == "No"
    assert f"The worker ended with 1. Its log: {server.log}" in str(caught.value)
