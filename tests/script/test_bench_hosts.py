"""Hosts on a network of their own carry a rollout, one of them vanishes, and how
script/bench hosts says what that took.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from script import own_network
from script.bench_hosts import Vanished, Worked, document, figures_of
from script.servers import wait_until

ONE = Worked(
    accounts=48,
    hosts=1,
    seconds=120,
    in_flight=4,
    of_hosts=14.4,
    of_database=2.4,
    busy=0.3,
    to_database=8,
    to_broker=11,
    transactions=2880,
)
FOUR = replace(ONE, hosts=4, seconds=30, in_flight=16, to_database=32, to_broker=44)
VANISHED = Vanished(
    accounts=24, runs=4, first=20.5, last=24.5, locked=14.5, roles=49, asked=49
)
WHEN = datetime(2026, 11, 30, 13, 5, tzinfo=UTC)
WRITTEN = Path("docs/developers/hosts.md")


def said() -> str:
    return "\n".join(document([ONE, FOUR], VANISHED, 0.3, "2 cores", WHEN))


def row(label: str) -> list[str]:
    (line,) = [one for one in said().splitlines() if one.startswith(f"| {label}")]
    return line.strip("| ").split(" | ")[1:]


needs_namespaces = pytest.mark.skipif(
    bool(own_network.why_not()), reason=own_network.why_not()
)


@needs_namespaces
@pytest.mark.exhaustive
def test_two_hosts_carry_a_rollout_and_nothing_is_left_of_them() -> None:
    before = links()

    figures = figures_of(argparse.Namespace(accounts=4, delay=0.01), only=2)
    worked = Worked(**figures)

    assert worked.wrong == []
    assert (worked.hosts, worked.accounts) == (2, 4)
    assert min(worked.seconds, worked.of_hosts, worked.of_database) > 0
    assert worked.to_database >= 2
    assert worked.to_broker >= 2
    assert links() == before


@needs_namespaces
@pytest.mark.exhaustive
def test_a_host_that_vanishes_costs_its_lease_and_no_role_is_made_twice() -> None:
    figures = figures_of(argparse.Namespace(accounts=20, delay=0.2), only=0)
    vanished = Vanished(**figures)

    assert vanished.wrong == []
    assert vanished.asked == vanished.roles > vanished.accounts
    assert 0 < vanished.locked < 20
    assert vanished.last < 60


@needs_namespaces
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_network_is_gone_with_whoever_made_it(
    tmp_path: Path, how: signal.Signals
) -> None:
    before = links()
    program = (
        "import pathlib, time; from script.own_network import host, make_network\n"
        "make_network()\n"
        "log = pathlib.Path('host.log').resolve()\n"
        "says = 'hostname; echo $$; ip -br a; sleep 60'\n"
        "with host(0, ['sh', '-c', says], log=log):\n"
        "    time.sleep(60)"
    )
    log = tmp_path / "host.log"
    with subprocess.Popen(
        [*own_network.OWN_NETWORK, sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_until(
            lambda: log.exists() and "eth0" in log.read_text(),
            what="No host was on",
            seconds=60,
        )
        process.send_signal(how)

    name, pid, addresses = log.read_text().split("\n", 2)
    assert name == "host-0"
    assert "198.18.0.10/24" in addresses
    wait_until(lambda: not Path("/proc", pid).exists(), what="The host did not end")
    assert links() == before


def links() -> str:
    """List what this machine's own network has."""
    return subprocess.check_output(["ip", "-brief", "link"], text=True)


def test_without_namespaces_it_says_so_and_stops(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = own_network.why_not()
    unshare = tmp_path / "unshare"
    unshare.write_text("#!/bin/sh\nexit 1\n")
    unshare.chmod(0o755)

    refused = own_network.why_not()

    assert missing == refused
    assert refused.startswith("This needs network namespaces: ")


def test_it_says_how_much_faster_more_hosts_are() -> None:
    assert row("Times as fast") == ["1.00", "4.00"]
    assert row("Runs in progress") == ["4.0 of 4", "16.0 of 16"]
    assert row("Transactions of PostgreSQL a second | 24") == ["24", "96"]
    assert row("The machine's cores") == ["30%", "30%"]


def test_it_says_what_a_host_that_vanishes_costs() -> None:
    assert row("Until another host carried the first") == ["20.5 s"]
    assert row("Until what it had locked") == ["14.5 s"]
    assert row("Roles that") == row("Requests to create a role") == ["49"]


def test_hosts_follow_from_the_measured_figures() -> None:
    assert row("Accounts that a process onboards") == ["9,600", "9,600"]
    assert row("Hosts with two cores") == ["1", "6"]
    assert row("Connections to PostgreSQL of these hosts") == ["70", "420"]
    assert row("Cores of PostgreSQL") == ["0.1", "1.4"]


def test_the_document_was_written_by_it() -> None:
    assert shape(WRITTEN.read_text()) == shape(said())


def shape(text: str) -> list[str]:
    """Keep the headings, and what each row of a table is about."""
    lines = [line for line in text.splitlines() if line.startswith(("#", "| "))]
    return [re.sub(r"\d+", "0", line.split(" | ")[0]) for line in lines]
