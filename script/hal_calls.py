"""hal/apply.sh compared with the loop that people write: get each account, add it.

Both call the tests' stand-in for hal, whose calls are made as long as asked for. A call
of the real one takes two to three seconds.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

from onboarding.providers import PROVIDERS
from onboarding.topology import Managed, Managing, Topology
from tests.bundles import unpacked
from tests.hal import Hal

ACCOUNTS = 20
LOOP = """\
while read -r name id; do
    hal config provider aws account get "$name" -q >/dev/null 2>&1 ||
        hal config provider aws account add "$name" --account-id="$id" \\
            --assume-role=role/spinnakerManaged --regions=us-east-1 >/dev/null
done
"""


def hal_calls(delay: float) -> str:
    """Measure a first run and an unchanged one of both, with seconds a call of hal."""
    topology = accounts()
    listed = "".join(f"{one.name} {one.account_id}\n" for one in topology.managed)
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder, "bundle")
        unpacked(topology, bundle)
        applied = measured(Path(folder, "a"), ["bash", f"{bundle}/hal/apply.sh"], delay)
        looped = measured(Path(folder, "b"), ["bash", "-c", LOOP], delay, listed)
    rows = (
        f"{what:>10}  {a:>6.1f} s  {b:>13.1f} s  {b / a:>6.1f} times as long"
        for what, a, b in zip(("first", "unchanged"), applied, looped, strict=True)
    )
    head = f"{ACCOUNTS} accounts  apply.sh  get-or-add loop    ({delay} s a call)"
    return "\n".join((head, *rows))


def accounts() -> Topology:
    ec2 = PROVIDERS["ec2"].from_details({})
    managed = (
        Managed(
            name=f"account-{number}",
            account_id=f"{number:012}",
            regions=("us-east-1",),
            providers=(ec2,),
        )
        for number in range(ACCOUNTS)
    )
    return Topology(Managing("account-0", "0" * 12), tuple(managed))


def measured(
    folder: Path, command: list[str], delay: float, given: str = ""
) -> tuple[float, float]:
    """Return the seconds of a first and of a second run with a hal of their own."""
    hal = Hal(folder)
    hal.is_slow_at("config", delay)
    seconds = []
    for _ in range(2):
        began = time.perf_counter()
        done = hal.run(command, answer=given)
        seconds.append(time.perf_counter() - began)
        if done.returncode or len(hal.names("aws")) != ACCOUNTS:
            raise subprocess.CalledProcessError(
                done.returncode, command, stderr=done.stderr
            )
    return seconds[0], seconds[1]
