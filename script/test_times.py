"""The table of tiers in CONTRIBUTING.md: how long each folder's tests take in each; and
the list of tests that are not quick, because they take long.

`python -m script.test_times` writes both from what `script/test`, with --quick and
--all, left in var/test-times.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
TIMES = ROOT / "var" / "test-times"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
SLOW = ROOT / "tests" / "data" / "slow_tests.txt"
LONGEST = 0.3
"""Seconds that a quick test may take."""
BEGIN, END = "<!-- test times -->\n", "<!-- end of test times -->\n"
TIERS = ("quick", "short", "short-postgresql", "all", "all-postgresql")
LARGE = ("accounts", "onboarding")
"""Folders of tests that are read by their own folders."""


class Tier(NamedTuple):
    tests: Counter[str]
    seconds: dict[str, float]
    """Of the tests of each folder; several run at a time."""
    wall: float


def folder_of(classname: str) -> str:
    """Return the folder of a test, by the dotted name of its module."""
    _, *folders, _module = classname.split(".")
    deep = 2 if folders and folders[0] in LARGE else 1
    return "/".join(["tests", *folders[:deep]])


def tier_of(report: Path) -> Tier:
    """Read pytest's report."""
    tests: Counter[str] = Counter()
    seconds: dict[str, float] = defaultdict(float)
    suite = ElementTree.parse(report).getroot()[0]
    for case in suite.iter("testcase"):
        folder = folder_of(case.attrib["classname"])
        tests[folder] += 1
        seconds[folder] += float(case.attrib["time"])
    return Tier(tests, seconds, float(suite.attrib["time"]))


def slow_in(report: Path) -> set[str]:
    """Name the tests of which some case took long."""
    return {
        f"{case.attrib['classname'].replace('.', '/')}.py::"
        + case.attrib["name"].partition("[")[0]
        for case in ElementTree.parse(report).iter("testcase")
        if float(case.attrib["time"]) > LONGEST
    }


def exists(test: str) -> bool:
    file, _, name = test.partition("::")
    path = ROOT / file
    return path.exists() and f"def {name}(" in path.read_text()


def table(tiers: dict[str, Tier]) -> str:
    """Write a column for each tier and a row for each folder, the longest first."""
    longest = {
        folder: seconds
        for tier in tiers.values()
        for folder, seconds in tier.seconds.items()
    }
    folders = sorted(longest, key=lambda folder: -longest[folder])
    rows = [
        ["Folder", *tiers],
        ["---", *("---:" for _ in tiers)],
        ["**all, with workers side by side**", *map(whole, tiers.values())],
        *(
            [f"`{folder}`", *(cell(tier, folder) for tier in tiers.values())]
            for folder in folders
        ),
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def whole(tier: Tier) -> str:
    return f"**{tier.tests.total():,} in {tier.wall:.0f} s**"


def cell(tier: Tier, folder: str) -> str:
    if folder not in tier.tests:
        return ""
    return f"{tier.tests[folder]:,} in {tier.seconds[folder]:.0f} s"


def main() -> int:
    tiers = {
        name: tier_of(report)
        for name in TIERS
        if (report := TIMES / f"{name}.xml").exists()
    }
    if not tiers:
        print("Nothing was measured: run script/test first.", file=sys.stderr)
        return 1
    before, _, rest = CONTRIBUTING.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    CONTRIBUTING.write_text(f"{before}{BEGIN}\n{table(tiers)}\n{END}{after}")
    if (quick := TIMES / "quick.xml").exists():
        # They stay: a quick run no longer has those that it found.
        slow = filter(exists, {*SLOW.read_text().split(), *slow_in(quick)})
        SLOW.write_text("".join(f"{test}\n" for test in sorted(slow)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
