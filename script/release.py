"""Everything that a release needs, in order; the first step that fails ends it.

Nothing is published: a person pushes the tag and the image, after looking at them.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from onboarding import VERSION

ROOT = Path(__file__).parents[1]
MADE = Path("var", "release")
TAG = f"v{VERSION}"
PYTHON = ".venv/bin/python"
AUDIT = (PYTHON, "-m", "script.supply_chain", "audit")
NOT_AUDITED = 3

BY_HAND = f"""\
By hand, now:
1. Compare the pictures in {MADE}/pages with docs/pages. If pages look different, run
   script/screenshots, commit, delete the tag, and start again.
2. Record a database of this version for later upgrade tests, and commit it:
   python -m tests.upgrade.recording {VERSION}
3. Push the tag: git push origin {TAG}
4. Push the image to your registry as bowline:{VERSION}, and sign it.
5. Publish a release of the tag with its section of CHANGELOG.md and {MADE}/sbom.json.
6. Try it in a sandbox account of real AWS: docs/start/sandbox.md. No test does.
"""


class NotReady(Exception):
    """What is wrong, and what to do about it."""


class NotHere(Exception):
    """What this machine can't do, and where to do it: the release continues."""


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a release: a command, or a function with what it does in words."""

    name: str
    does: tuple[str, ...] | Callable[[], None]
    words: str = ""

    def __str__(self) -> str:
        said = self.words if callable(self.does) else shlex.join(self.does)
        return f"{self.name}: {said}"

    def run(self) -> None:
        if callable(self.does):
            self.does()
        elif code := subprocess.run(self.does, cwd=ROOT).returncode:
            raise NotReady(f"{shlex.join(self.does)} ended with {code}.")


def output(*command: str, root: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def refuse_changes(root: Path = ROOT) -> None:
    if changed := output("git", "status", "--porcelain", root=root):
        raise NotReady(f"Commit or remove these first:\n{changed}")
    if output("git", "tag", "--list", TAG, root=root):
        raise NotReady(
            f"The tag {TAG} exists. Raise VERSION in onboarding/__init__.py."
        )


def refuse_changelog(text: str) -> None:
    """The newest section is this version's, and says that it is released."""
    first = re.search(r"^## (.+)\n+(.*)", text, re.MULTILINE)
    if not first or first[1] != VERSION:
        newest = first[1] if first else "nothing"
        raise NotReady(
            f"CHANGELOG.md begins with {newest}, and the version is {VERSION}: move "
            f"what is released into the section “{VERSION}”."
        )
    if first[2].startswith("Not released"):
        raise NotReady(f"CHANGELOG.md says that {VERSION} is not released: {first[2]}")


def read_changelog() -> None:
    refuse_changelog((ROOT / "CHANGELOG.md").read_text())


def built(
    tool: str, which: int, *, epoch: str, revision: str, base: str = ""
) -> tuple[str, ...]:
    """Return the command that builds the image from nothing, with the commit's time."""
    label = f"org.opencontainers.image.revision={revision}"
    common: tuple[str, ...] = (
        "--no-cache",
        "--label",
        label,
        "--tag",
        f"bowline:{VERSION}",
    )
    common += ("--build-arg", f"BASE={base}") if base else ()
    note = f"{MADE}/image-{which}"
    if tool == "buildah":
        # The same archive of a file for each build: all times are the commit's.
        times = ("--timestamp", epoch, "--build-arg", f"SOURCE_DATE_EPOCH={epoch}")
        return ("buildah", "build", *times, "--iidfile", note, *common, ".")
    return (
        *("docker", "buildx", "build", "--build-arg", f"SOURCE_DATE_EPOCH={epoch}"),
        *("--provenance=false", "--metadata-file", note, *common, "--output"),
        f"type=oci,dest={MADE}/image-{which}.tar,rewrite-timestamp=true",
        ".",
    )


def digest(note: str) -> str:
    """Read the digest of what a build noted: buildah's ID, or Docker's metadata."""
    return (
        str(json.loads(note)["containerimage.digest"])
        if note.startswith("{")
        else note.strip()
    )


def audit(command: Sequence[str] = AUDIT) -> None:
    """Refuse known vulnerabilities of this day."""
    code = subprocess.run(command, cwd=ROOT).returncode
    if code == NOT_AUDITED:
        raise NotHere(
            "some packages were not looked up, because the database of known "
            f"vulnerabilities is unavailable. Run {shlex.join(command)} elsewhere"
        )
    if code:
        raise NotReady(f"{shlex.join(command)} ended with {code}.")


TOOLS = {"docker": ("docker", "info"), "buildah": ("buildah", "info")}
"""What builds images, and how to ask whether it can here: Docker needs its daemon."""


def usable(asks: Sequence[str]) -> bool:
    if not shutil.which(asks[0]):
        return False
    return not subprocess.run(asks, capture_output=True).returncode


def build_twice(base: str = "", tools: Mapping[str, Sequence[str]] = TOOLS) -> None:
    tool = next((tool for tool, asks in tools.items() if usable(asks)), None)
    if not tool:
        raise NotHere(
            "no image was built, because neither docker (with its daemon) nor buildah "
            f"works here. Check out {TAG} where one does, and run "
            f"script/release image"
        )
    os.makedirs(ROOT / MADE, exist_ok=True)
    epoch = output("git", "log", "-1", "--format=%ct")
    revision = output("git", "rev-parse", "HEAD")
    for which in (1, 2):
        command = built(tool, which, epoch=epoch, revision=revision, base=base)
        Step("build", command).run()
    refuse_different(
        *(digest((ROOT / MADE / f"image-{which}").read_text()) for which in (1, 2))
    )


def refuse_different(first: str, second: str) -> None:
    if first != second:
        raise NotReady(f"Two builds of one commit differ: {first} and {second}.")
    print(f"Both builds are {first}.")


TWICE = "built twice, with one digest (docker or buildah)"

STEPS = (
    Step("Clean tree", refuse_changes, f"nothing to commit, and no tag {TAG}"),
    Step("Changelog", read_changelog, f"CHANGELOG.md begins with {VERSION}"),
    Step("Known vulnerabilities", audit, shlex.join(AUDIT)),
    Step("Checks", (".ci/run",)),
    Step("All tests", ("script/test", "--all")),
    Step("Month", ("script/bench", "month")),
    Step("Slips", ("script/slips",)),
    Step("Upgrades", ("script/test", "tests/upgrade")),
    Step("Pictures", ("script/screenshots", f"{MADE}/pages")),
    Step("Image", build_twice, TWICE),
    Step(
        "Bill of materials",
        (PYTHON, "-m", "script.supply_chain", "sbom", f"{MADE}/sbom.json"),
    ),
    Step("Still clean", refuse_changes, "the steps above changed no file"),
    Step("Tag", ("git", "tag", "--annotate", TAG, "--message", f"Bowline {VERSION}")),
)


def release(steps: Iterable[Step], by_hand: str = BY_HAND) -> int:
    left = []
    for step in steps:
        print(f"\n== {step}", flush=True)
        try:
            step.run()
        except NotHere as error:
            left.append(f"{step.name}: {error}")
            print(f"Not done. {left[-1]}", file=sys.stderr)
        except NotReady as error:
            print(f"Not ready: {error}", file=sys.stderr)
            return 1
    print(f"\n{by_hand}")
    if left:
        print("Not done here:\n" + "\n".join(f"- {one}" for one in left))
    return 0


USAGE = """\
Usage: script/release [--dry-run | image [BASE]]
Without an argument, does all that a release needs, and tags. It publishes nothing.
  --dry-run  prints the steps, and what is left to do by hand
  image      builds only the image, twice; on BASE instead of Docker Hub's Python
"""


def main(arguments: Sequence[str]) -> int:
    match [*arguments]:
        case []:
            os.makedirs(ROOT / MADE / "pages", exist_ok=True)
            return release(STEPS)
        case ["--dry-run"]:
            for number, step in enumerate(STEPS, 1):
                print(f"{number}. {step}")
            print(f"\n{BY_HAND}")
            return 0
        case ["image"]:
            return release([Step("Image", build_twice, TWICE)], "")
        case ["image", base]:
            return release([Step("Image", partial(build_twice, base), TWICE)], "")
        case ["--help" | "-h"]:
            print(USAGE, end="")
            return 0
        case _:
            print(USAGE, end="", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
