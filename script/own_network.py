"""A network of its own for a benchmark, with hosts on it that have only their own
addresses, names and processes. It is a network namespace, so nothing of it is on this
machine's network, and it is gone with the last process in it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen

from script.servers import running, wait_until

ADDRESS = "198.18.0.1"
"""Of the servers that hosts use; RFC 2544 keeps this network for benchmarks."""

OWN_NETWORK: tuple[str, ...] = ("unshare", "--net")
if os.geteuid():
    OWN_NETWORK += ("--user", "--map-current-user", "--keep-caps")

JOINS = """\
hostname "$1"
until ip link set eth0 up 2>/dev/null; do sleep 0.05; done
ip link set lo up
ip address add "$2/24" dev eth0
shift 2
exec "$@"
"""
"""Runs a command on a host, once the host has its cable."""


def why_not() -> str:
    """Say why this machine gives no network of its own; empty: it does."""
    bridge = ("ip", "link", "add", "name", "lan", "type", "bridge")
    try:
        made = subprocess.run([*OWN_NETWORK, *bridge], stdout=DEVNULL, stderr=DEVNULL)
    except FileNotFoundError:
        made = None
    if made is not None and made.returncode == 0:
        return ""
    return (
        "This needs network namespaces: Linux, with the commands unshare and ip, and "
        "root where others may not make them."
    )


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def make_network() -> None:
    """Let hosts join; call it in a process that OWN_NETWORK began."""
    ip("link", "set", "lo", "up")
    ip("link", "add", "name", "lan", "type", "bridge")
    ip("address", "add", f"{ADDRESS}/24", "dev", "lan")
    ip("link", "set", "lan", "up")


@contextmanager
def host(number: int, command: list[str], *, log: Path) -> Iterator[Popen[bytes]]:
    """Run a command on a host of its own, which is off with the block."""
    name, address = f"host-{number}", f"198.18.0.{number + 10}"
    alone = ("unshare", "--net", "--uts", "sh", "-c", JOINS, "sh", name, address)
    with running([*alone, *command], environment=os.environ, log=log) as process:
        wait_until(lambda: is_elsewhere(process.pid), what=f"{name} was not on")
        there = ("name", "eth0", "netns", str(process.pid))
        ip("link", "add", "name", name, "type", "veth", "peer", *there)
        ip("link", "set", name, "master", "lan", "up")
        yield process


def is_elsewhere(pid: int) -> bool:
    return network_of(pid) != network_of(os.getpid())


def network_of(pid: int) -> str:
    return os.readlink(f"/proc/{pid}/ns/net")


def pull_cable(number: int) -> None:
    """Let nothing come from a host, not even that its connections ended."""
    ip("link", "set", f"host-{number}", "down")
