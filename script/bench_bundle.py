"""What a bundle of N accounts costs to build and to merge into a halconfig, compared
with the same accounts as hal calls.

Every account has EC2, ECS and Lambda in two regions, one in twenty an EKS cluster. Each
figure comes from a fresh process, whose peak memory is all of it.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from onboarding.providers import PROVIDERS
from onboarding.spinnaker.bundle import bundle_files
from onboarding.spinnaker.bundle.archive import zipped
from onboarding.spinnaker.bundle.contents import accounts_in
from onboarding.spinnaker.halconfig.merging import merge
from onboarding.spinnaker.halconfig.parsing import read_halconfig
from onboarding.topology import Managed, Managing, Permissions, Topology
from script.hal_calls import hal_calls

COUNTS = (10, 100, 1_000, 10_000)
ONE_IN = 20
"""One account in this number has a cluster."""
ORGANIZATION = "o-a1b2c3d4e5"
"""One identity's policies hold a thousand listed accounts at most."""
CALLS_EACH, SECONDS_A_CALL = 2, 2.3
"""Measured on real Halyard."""
BUILD_GOAL, MERGE_GOAL, MEMORY_GOAL = 5, 20, 300
"""Seconds, seconds and MB for the largest count."""
EMPTY = b"""\
currentDeployment: default
deploymentConfigurations:
- name: default
  providers:
    aws: {enabled: false, accounts: []}
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one process needed, and the bytes that it made."""

    seconds: float
    megabytes: float
    size: int


def topology(count: int) -> Topology:
    ec2, ecs, lambda_ = (PROVIDERS[key].from_details({}) for key in KEYS)
    accounts = []
    for number in range(count):
        name = f"account-{number}"
        providers = [ec2, ecs, lambda_]
        if number % ONE_IN == 0:
            providers.append(
                PROVIDERS["eks"].from_details({"clusters": [cluster(name)]})
            )
        accounts.append(
            Managed(
                name=name,
                account_id=f"{number:012}",
                regions=("us-east-1", "us-west-2"),
                providers=tuple(providers),
                environment="test",
                permissions=Permissions(("developers",), ("operators",)),
            )
        )
    managing = Managing("account-0", "0" * 12, organization=ORGANIZATION)
    return Topology(managing, tuple(accounts))


KEYS = ("ec2", "ecs", "lambda")


def cluster(account: str) -> dict[str, str]:
    """Describe a cluster; a real certificate has about 1,500 characters."""
    return {
        "name": "apps",
        "region": "us-east-1",
        "endpoint": f"https://{account}.gr7.us-east-1.eks.amazonaws.com",
        "certificate_authority": "LS0t" * 375,
        "arn": f"arn:aws:eks:us-east-1:{'0' * 12}:cluster/apps",
    }


def built(count: int) -> bytes:
    accounts = topology(count)
    states = {managed.name: "verified" for managed in accounts.managed}
    return zipped(bundle_files(accounts, states))


def building(count: int) -> Figures:
    return measured(lambda: len(built(count)))


def merging(count: int) -> Figures:
    """Measure the merge alone; the bundle comes from another process."""
    archive = sys.stdin.buffer.read()
    return measured(
        lambda: len(
            merge(read_halconfig(EMPTY), accounts_in(archive).placed("/bowline")).text
        )
    )


def measured(work: Callable[[], int]) -> Figures:
    began = time.perf_counter()
    size = work()
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Figures(seconds, peak, size)


PARTS = {"building": building, "merging": merging}


def apart(part: str, count: int, given: bytes = b"") -> Figures:
    """Run a part in a process of its own."""
    command = [sys.executable, "-m", "script.bench_bundle", "--part", part, str(count)]
    run = subprocess.run(command, input=given, stdout=subprocess.PIPE, check=True)
    return Figures(**json.loads(run.stdout))


HEAD = (
    f"{'accounts':>9}  {'build':>8} {'memory':>8} {'zip':>9}  "
    f"{'merge':>8} {'memory':>8} {'config':>9}  {'as hal calls':>13}"
)


def row(count: int, build: Figures, merged: Figures) -> str:
    hal = count * CALLS_EACH * SECONDS_A_CALL
    calls = f"{hal / 3600:.1f} h" if hal >= 3600 else f"{hal / 60:.1f} min"
    return (
        f"{count:>9,}  {build.seconds:>6.2f} s {build.megabytes:>5.0f} MB "
        f"{build.size / 1000:>6,.0f} kB  {merged.seconds:>6.2f} s "
        f"{merged.megabytes:>5.0f} MB {merged.size / 1000:>6,.0f} kB  {calls:>13}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="script/bench bundle", description=__doc__)
    parser.add_argument("counts", nargs="*", type=int, default=COUNTS)
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--delay", type=float, default=0.5, help="of hal, in seconds")
    options = parser.parse_args()
    if options.part:
        print(json.dumps(asdict(PARTS[options.part](*options.counts))))
        return 0
    print(HEAD)
    missed = []
    for count in options.counts:
        build = apart("building", count)
        merged = apart("merging", count, built(count))
        print(row(count, build, merged), flush=True)
        missed += misses(count, build, merged)
    print(f"\nhal: {CALLS_EACH} calls an account, {SECONDS_A_CALL} s each.\n")
    print(hal_calls(options.delay), end="\n\n")
    print("\n".join(missed) or "Every goal is met.")
    return 1 if missed else 0


def misses(count: int, build: Figures, merged: Figures) -> list[str]:
    """Say which goals are missed, all of which are for the largest count."""
    if count < max(COUNTS):
        return []
    goals = (
        ("build", build.seconds, BUILD_GOAL, "s"),
        ("build", build.megabytes, MEMORY_GOAL, "MB"),
        ("merge", merged.seconds, MERGE_GOAL, "s"),
    )
    return [
        f"Missed: {what} of {count:,} accounts took {found:.1f} {unit}, not {goal}."
        for what, found, goal, unit in goals
        if found > goal
    ]


if __name__ == "__main__":
    sys.exit(main())
