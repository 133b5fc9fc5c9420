"""Make one realistic slip at a time in a copy of the tree, and see that the tests
that tests/data/slips.json names for it notice.

The tree itself is only read, so a killed run leaves nothing changed. Ends with 1 if a
slip survives, broke the tests, or is of code that has moved, or if a test that noticed
one fails without it, too.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired, run
from tempfile import TemporaryDirectory
from threading import get_ident, local
from typing import Literal, NamedTuple

from tests.fresh_clone import FreshClone

ROOT = Path(__file__).parents[1]
SLIPS = "tests/data/slips.json"
SHORT = "not in_all_only"
PATIENCE = 900.0
"""Seconds for each test that is named: a slip may let one wait forever."""

FAILED = re.compile(r"^FAILED (\S+?)(?:\[| - |$)", re.MULTILINE)
Verdict = Literal["killed", "SURVIVED", "MOVED", "BROKEN"]


@dataclass(frozen=True, slots=True)
class Slip:
    id: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def made_in(self, root: Path) -> str | None:
        """Return the file's text with the slip; None where the code has moved."""
        path = root / self.file
        text = path.read_text() if path.is_file() else ""
        return text.replace(self.old, self.new) if text.count(self.old) == 1 else None


class Outcome(NamedTuple):
    slip: Slip
    verdict: Verdict
    why: str = ""
    """Of a killed one: the test that noticed."""

    def __str__(self) -> str:
        return f"{self.slip.id:5} {self.verdict:8}  {self.slip.file}  {self.why}"


def slips_of(root: Path) -> list[Slip]:
    rows = json.loads((root / SLIPS).read_text())
    return [Slip(**row | {"tests": (*row["tests"],)}) for row in rows]


def tried(slip: Slip, copy: Path) -> Outcome:
    """Make the slip in the copy, run its tests, and take it back."""
    changed = slip.made_in(copy)
    if changed is None:
        return Outcome(slip, "MOVED", "its old text is not there exactly once")
    path = copy / slip.file
    before = path.read_text()
    write(path, changed)
    try:
        return Outcome(slip, *noticed(slip.tests, copy))
    finally:
        write(path, before)


def write(path: Path, text: str) -> None:
    """Write a module so that Python compiles it again, which by itself it does not for
    a text of the same length within the same second.
    """
    path.write_text(text)
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


def noticed(tests: Sequence[str], copy: Path) -> tuple[Verdict, str]:
    """Run these tests until one fails. Only a test that ran and failed has noticed:
    pytest ends with 1 for an error in a fixture as well.

    A module is collected as a whole, for its tier depends on the tests before.
    """
    parts = [test.partition("::") for test in tests]
    only = ("-k", " or ".join(name or Path(path).name for path, _, name in parts))
    try:
        done = tested([part[0] for part in parts], copy, "-x", *only)
    except TimeoutExpired:
        return "BROKEN", f"still running after {PATIENCE:.0f} seconds"
    lines = done.stdout.splitlines() + done.stderr.splitlines()
    last = lines[-1] if lines else ""
    if done.returncode == 0:
        return "SURVIVED", last
    if done.returncode == 1 and (failed := FAILED.search(done.stdout)):
        return "killed", failed[1]
    wrong = next((line for line in lines if line.startswith("ERROR")), last)
    return "BROKEN", f"pytest ended with {done.returncode}: {wrong}"


def tested(tests: Sequence[str], copy: Path, *options: str) -> CompletedProcess[str]:
    """Run these without the plugin that takes long to load and that none uses. Each
    time they try the same examples, so that no slip is noticed by luck.
    """
    without = ("-p", "no:cacheprovider", "-p", "no:schemathesis", "--hypothesis-seed=0")
    pytest = (sys.executable, "-m", "pytest", "-q", "-n0", *without, "-m", SHORT)
    line, patience = (*pytest, *options, *tests), PATIENCE * len(tests)
    return run(line, cwd=copy, capture_output=True, text=True, timeout=patience)


def failing_anyway(tests: Collection[str], root: Path, at_once: int) -> list[str]:
    """Return which of these tests fail in an unchanged copy: they noticed nothing."""
    with TemporaryDirectory(prefix="bowline-slips-") as folder:
        copy = FreshClone.at(Path(folder) / "unchanged", root).folder
        many = f"-n{min(at_once, len(tests) // 20)}"
        return FAILED.findall(tested(sorted(tests), copy, many).stdout) if tests else []


def outcomes(slips: Sequence[Slip], root: Path, *, at_once: int) -> Iterator[Outcome]:
    """Yield what became of each slip, in order, each of `at_once` in its own copy."""
    own = local()
    with TemporaryDirectory(prefix="bowline-slips-") as folder:

        def begin() -> None:
            own.copy = FreshClone.at(Path(folder) / str(get_ident()), root).folder

        with ThreadPoolExecutor(at_once, initializer=begin) as pool:
            yield from pool.map(lambda slip: tried(slip, own.copy), slips)


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(prog="script/slips", description=__doc__)
    parser.add_argument("ids", nargs="*", metavar="ID", help="all, unless given")
    parser.add_argument("--at-once", type=int, default=2, metavar="N", help="2")
    options = parser.parse_args(arguments)
    slips = {slip.id: slip for slip in slips_of(root)}
    if unknown := {*options.ids} - slips.keys():
        parser.error(f"{SLIPS} has no {', '.join(sorted(unknown))}.")

    chosen = [slips[id] for id in options.ids or slips]
    found = []
    for outcome in outcomes(chosen, root, at_once=options.at_once):
        found.append(outcome)
        print(outcome, flush=True)
    counts = Counter(one.verdict for one in found)
    killers = {one.why for one in found if one.verdict == "killed"}
    said = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    print(f"{len(chosen)} slips: {said}")
    for test in (failing := failing_anyway(killers, root, options.at_once)):
        print(f"It fails without the slip, too: {test}")
    return int(counts["killed"] < len(chosen) or bool(failing))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
