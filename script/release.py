"""Everything that a release needs, in order; the first step that fails ends it.

Started again at the same commit, it continues where it ended. A person publishes.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from onboarding import VERSION

ROOT = Path(__file__).parents[1]
MADE = Path("var", "release")
TAG = f"v{VERSION}"
SUPPLY_CHAIN = (".venv/bin/python", "-m", "script.supply_chain")

BY_HAND = f"""\
By hand, now:
1. Compare the pictures in {MADE}/pages with docs/pages. If pages look different, run
   script/screenshots, commit, delete the tag, and start again.
2. Record a database of this version for later upgrade tests, and commit it:
   python -m tests.upgrade.recording {VERSION}
3. Push the tag: git push origin {TAG}
4. Scan the image, push it to your registry as bowline:{VERSION}, and sign it.
5. Publish a release of the tag with its section of CHANGELOG.md and {MADE}/sbom.json.
6. Try it in a sandbox account of real AWS: docs/start/sandbox.md. No test does.
"""


class NotReady(Exception):
    """What is wrong, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a release: a command, or a function with what it does in words."""

    name: str
    does: tuple[str, ...] | Callable[[], None]
    words: str = ""
    elsewhere: bool = False
    """It ends with 3 where this machine can't do it."""
    beside: bool = False
    """It mostly waits: the next ones run meanwhile."""

    def __str__(self) -> str:
        said = self.words if callable(self.does) else shlex.join(self.does)
        return f"{self.name}: {said}"

    def run(self) -> str:
        """Return what this machine can't do: the release continues; empty: done."""
        if callable(self.does):
            self.does()
            return ""
        code = subprocess.run(self.does, cwd=ROOT).returncode
        if code == 3 and self.elsewhere:
            return f"{self.name}: {shlex.join(self.does)} says why. Run it elsewhere."
        if code:
            raise NotReady(f"{shlex.join(self.does)} ended with {code}.")
        return ""


def output(*command: str, root: Path = ROOT) -> str:
    return subprocess.check_output(command, cwd=root, text=True).strip()


def refuse_changes(root: Path = ROOT) -> None:
    if changed := output("git", "status", "--porcelain", root=root):
        raise NotReady(f"Commit or remove these first:\n{changed}")
    if output("git", "tag", "--list", TAG, root=root):
        raise NotReady(
            f"The tag {TAG} exists. Raise VERSION in onboarding/__init__.py."
        )


def refuse_changelog(root: Path = ROOT) -> None:
    """The newest section is this version's, and says that it is released."""
    text = (root / "CHANGELOG.md").read_text()
    first = re.search(r"^## (.+)\n+(.*)", text, re.MULTILINE)
    if not first or first[1] != VERSION:
        newest = first[1] if first else "nothing"
        raise NotReady(
            f"CHANGELOG.md begins with {newest}, and the version is {VERSION}: move "
            f"what is released into the section “{VERSION}”."
        )
    if first[2].startswith("Not released"):
        raise NotReady(f"CHANGELOG.md says that {VERSION} is not released: {first[2]}")


STEPS = (
    Step("Clean tree", refuse_changes, f"nothing to commit, and no tag {TAG}"),
    Step("Changelog", refuse_changelog, f"CHANGELOG.md begins with {VERSION}"),
    Step("Known vulnerabilities", (*SUPPLY_CHAIN, "audit"), elsewhere=True),
    Step("Checks", (".ci/run",)),
    Step("Month", ("sh", "-c", f"script/bench month >{MADE}/month.md"), beside=True),
    Step("All tests", ("script/test", "--all", "--passed", f"{MADE}/passed")),
    Step("Slips", ("script/slips",)),
    Step("Pictures", ("script/screenshots", f"{MADE}/pages")),
    Step("Image", ("script/image",), elsewhere=True),
    Step("Bill of materials", (*SUPPLY_CHAIN, "sbom", f"{MADE}/sbom.json")),
    Step("Still clean", refuse_changes, "the steps above changed no file"),
    Step("Tag", ("git", "tag", "--annotate", TAG, "--message", f"Bowline {VERSION}")),
)


def release(steps: Iterable[Step], report: Path) -> int:
    """Carry out the steps that the report doesn't have, and add each that passes. A
    function looks at what the steps before it have done, and waits for all of them.
    """
    left: list[str] = []
    jobs: list[Future[None]] = []
    passed = report.read_text() if report.exists() else ""

    def carry_out(step: Step) -> None:
        began = time.monotonic()
        if missing := step.run():
            return left.append(f"- {missing}")
        with report.open("a") as file:
            print(f"{step} ({time.monotonic() - began:.0f} s)", file=file)

    with ThreadPoolExecutor() as pool:
        try:
            for step in steps:
                for job in jobs if callable(step.does) else ():
                    job.result()
                print(f"\n== {step}", flush=True)
                if not callable(step.does) and f"\n{step} (" in f"\n{passed}":
                    print("Passed before, at this commit.")
                    continue
                jobs.append(pool.submit(carry_out, step))
                if not step.beside:
                    jobs[-1].result()
            for job in jobs:
                job.result()
        except NotReady as error:
            print(f"Not ready: {error}", file=sys.stderr)
            return 1
    print(f"\n{BY_HAND}\nPassed at this commit:\n{report.read_text()}")
    print("Not done here:", *left or ["- nothing"], sep="\n")
    return 0


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="script/release", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="print the steps only")
    if parser.parse_args(arguments).dry_run:
        steps = (f"{number}. {step}" for number, step in enumerate(STEPS, 1))
        print(*steps, f"\n{BY_HAND}", sep="\n")
        return 0
    os.makedirs(ROOT / MADE / "pages", exist_ok=True)
    return release(STEPS, ROOT / MADE / f"{output('git', 'rev-parse', 'HEAD')}.txt")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
