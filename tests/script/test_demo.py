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

from script.demo import kept
from script.servers import Ended, answers, wait_until
from script.site import Site
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


def test_it_says_which_server_ended_and_why(tmp_path: Path) -> None:
    site = Site(tmp_path, os.environ, port=1)
    fails = (sys.executable, "-c", "raise SystemExit('No')")

    with pytest.raises(Ended) as at_once, site.running():
        site.start("worker", *fails, ready=lambda: False)
    with site.running():
        site.start("beat", *fails)
        site.servers["beat"].process.wait()
        with pytest.raises(Ended) as later:
            site.check()

    assert str(at_once.value).splitlines()[0] == "No"
    log = site.log("worker")
    assert f"The worker ended with 1. Its log: {log}" in str(at_once.value)
    assert "The beat ended with 1." in str(later.value)


def test_what_it_keeps_is_made_once_and_read_by_its_owner_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("script.demo.VAR", tmp_path)

    first = kept("secret-key", lambda: "one")

    assert first == kept("secret-key", lambda: "two") == "one"
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600
