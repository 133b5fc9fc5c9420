"""Clouddriver's own classes in a process, asked what they make of configuration."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import select
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

HERE = Path(__file__).parent
BUILT = HERE.parent.parent / "var" / "conformance"
PROGRAMS = ("java", "javac", "mvn")
HOW_TO_GET = (
    "Clouddriver's own classes need {missing}. On Debian: "
    "apt-get install openjdk-17-jdk-headless maven"
)
SECONDS = 120
QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""Most of what the judge does, it does once: no time is spent to make it fast."""

STOCK = """\
aws:
  enabled: ${AWS_ENABLED:false}
  defaults:
    iamRole: FooRole
  defaultRegions:
    - name: us-east-1
  defaultKeyPairTemplate: '{{name}}-keypair'
  accounts: []
"""
"""What concerns AWS in the clouddriver.yml that every installation starts from."""


def missing() -> str:
    """Say how to get the programs that are not here; empty where all are."""
    absent = " and ".join(name for name in PROGRAMS if not shutil.which(name))
    return HOW_TO_GET.format(missing=absent) if absent else ""


def classpath() -> str:
    """Fetch Clouddriver and build our program, unless that was done already."""
    pom, sources = HERE / "pom.xml", sorted(HERE.glob("*.java"))
    BUILT.mkdir(parents=True, exist_ok=True)
    with (BUILT / "lock").open("w") as lock:
        # Each worker of the tests comes here, the first ones at the same time.
        fcntl.flock(lock, fcntl.LOCK_EX)
        fetched = made("jars", [pom], partial(fetch, pom))
        jars = [str(jar) for jar in sorted(fetched.glob("*.jar"))]
        classes = made("classes", [pom, *sources], partial(build, sources, jars))
    return os.pathsep.join((str(classes), *jars))


def made(name: str, sources: Iterable[Path], make: Callable[[Path], None]) -> Path:
    """Make a folder, unless it was made from these very sources."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    folder = BUILT / f"{name}-{digest.hexdigest()[:16]}"
    if not folder.exists():
        with TemporaryDirectory(dir=BUILT) as temporary:
            make(Path(temporary) / name)
            (Path(temporary) / name).rename(folder)
    return folder


def fetch(pom: Path, folder: Path) -> None:
    output = f"-DoutputDirectory={folder}"
    run("mvn", "--quiet", "--batch-mode", f"--file={pom}", output, "dependency:copy")


def build(sources: Iterable[Path], jars: Iterable[str], folder: Path) -> None:
    options = ("--release", "17", "-proc:none", "-d", str(folder))
    run("javac", *options, "-cp", os.pathsep.join(jars), *map(str, sources))


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, f"{command[0]} failed.\n{done.stdout}{done.stderr}"


LISTS = ("ignored", "saved", "loads", "documents", "profiles")


@dataclass(frozen=True, slots=True)
class Answer:
    """What Clouddriver made of a configuration; `failure` says why it did not start."""

    failure: str = ""
    enabled: bool = False
    baseRole: str = ""
    accounts: tuple[dict[str, Any], ...] = ()
    ignored: tuple[str, ...] = ()
    configured: Mapping[str, Any] = field(default_factory=dict)
    """By provider, the list of accounts as it is bound; of `aws`, their names."""
    documents: tuple[str, ...] = ()
    """The documents of the files that count, the one that wins first."""
    profiles: tuple[str, ...] = ()
    """Spring's active profiles."""
    storage: bool = False
    """Whether accounts may be stored."""
    polls: Mapping[str, int] = field(default_factory=dict)
    """How often each type is loaded, in milliseconds."""
    saved: tuple[dict[str, Any], ...] = ()
    """What each stored body was answered with: its `account`, or the `refusal`."""
    loads: tuple[list[str], ...] = ()
    """What each load of what is stored added, updated and deleted."""
    shown: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """What GET /credentials/{name} shows."""

    @property
    def names(self) -> set[str]:
        return {account["name"] for account in self.accounts}

    def account(self, name: str = "staging") -> dict[str, Any]:
        (found,) = (one for one in self.accounts if one["name"] == name)
        return found


@dataclass(frozen=True, slots=True)
class Clouddriver:
    """A running judge."""

    process: subprocess.Popen[str]
    folder: Path
    log: Path

    def read(self, local: str, **more: str) -> Answer:
        """Ask about a clouddriver-local.yml over the stock file."""
        files = {"clouddriver.yml": STOCK, "clouddriver-local.yml": local}
        return self.read_files({**files, **more})

    def store(
        self,
        bodies: Iterable[Mapping[str, Any]],
        *,
        local: str,
        roles: Sequence[str] | None = None,
    ) -> Answer:
        """Send bodies to /credentials as an admin, or as one with these roles."""
        sent = {"bodies": [*bodies], "roles": roles}
        return self.read(local, **{"stored.json": json.dumps(sent)})

    def read_files(self, files: Mapping[str, str]) -> Answer:
        """Ask about the files of /opt/spinnaker/config."""
        asked = Path(mkdtemp(dir=self.folder))
        for path, text in files.items():
            (asked / path).parent.mkdir(parents=True, exist_ok=True)
            text = text.replace("/opt/spinnaker/config", str(asked))
            (asked / path).write_text(text, encoding="utf-8")
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{asked}\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], SECONDS)
        line = self.process.stdout.readline() if ready else ""
        assert line, f"No answer.\n{self.log.read_text(errors='replace')[-4000:]}"
        said = json.loads(line)
        lists = {key: tuple(one) for key, one in said.items() if key in LISTS}
        return Answer(**{**said, **lists})


@contextmanager
def clouddriver(
    folder: Path,
    *,
    environment: Mapping[str, str] | None = None,
    options: tuple[str, ...] = (),
    live: bool = False,
) -> Iterator[Clouddriver]:
    """Run the judge; it reaches AWS only where it is live, and its options say how."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("AWS_")
    }
    log = folder / "clouddriver.log"
    command = ["java", *QUICK, "-Daws.region=us-east-1", *options, "-cp", classpath()]
    with (
        log.open("w") as output,
        subprocess.Popen(
            [*command, "Judge", *(["live"] if live else [])],
            cwd=folder,
            env={
                **inherited,
                "AWS_EC2_METADATA_DISABLED": "true",
                **(environment or {}),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            encoding="utf-8",
        ) as process,
    ):
        try:
            yield Clouddriver(process, folder, log)
        finally:
            process.kill()
