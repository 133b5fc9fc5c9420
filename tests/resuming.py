"""A long run continues where it ended: `--passed FILE` keeps what passed at this commit
on this database, and leaves it out the next time.
"""

from __future__ import annotations

from pathlib import Path
from subprocess import check_output
from typing import Any

import pytest
from django.db import connection

NAMES = "names_of_passed"
"""What workers are given: the file grows while they collect."""


class Passed:
    """The file: the commit in its first line, and a test in each other one."""

    def __init__(self, file: Path) -> None:
        self.file = file.with_name(f"{file.name}-{connection.vendor}")
        commit = check_output(["git", "rev-parse", "HEAD"], text=True).strip()
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        if lines[:1] != [commit]:
            lines = [commit]
            self.file.write_text(f"{commit}\n")
        self.names = lines[1:]
        self.failed: set[str] = set()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput[NAMES] = self.names

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)
        elif report.when == "teardown" and report.nodeid not in self.failed:
            with self.file.open("a") as file:
                print(report.nodeid, file=file)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.names and session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            session.exitstatus = pytest.ExitCode.OK


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--passed", type=Path, help=__doc__)


def pytest_configure(config: pytest.Config) -> None:
    file = config.getoption("--passed")
    if file and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Passed(file), Passed.__name__)


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    own = config.pluginmanager.get_plugin(Passed.__name__)
    before = own.names if own else getattr(config, "workerinput", {}).get(NAMES, ())
    passed = {*before}
    if done := [item for item in items if item.nodeid in passed]:
        config.hook.pytest_deselected(items=done)
        items[:] = [item for item in items if item.nodeid not in passed]
