"""Where Halyard's daemon runs and reads; profiles are put there, and a person's own
left alone.

A file that Bowline wrote and nobody changed is renewed, or removed where the bundle has
it no longer: its first line holds the SHA-256 of the others.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .calling import Refused, asked, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MARK = re.compile(rb"\S+ bowline sha256 ([0-9a-f]{64})\n")
DIRECTORY = re.compile(r"^\s+directory:\s*(/\S+)\s*$", re.MULTILINE)
CURRENT = re.compile(r"""^currentDeployment:\s*["']?([-\w]+)""", re.MULTILINE)
SETTINGS = (Path("/opt/halyard/config/halyard.yml"),)
PROCESSES = Path("/proc")
CONTAINER = re.compile(r"[0-9a-f]{64}")


def put_profiles(ours: Path, folder: Path | None) -> int:
    """Copy, renew and remove; answer 1 where a person's own file is in the way. Raise
    Refused where the folder cannot be written.
    """
    target = folder or daemons_folder()
    say(f"Profiles go to {target}")
    try:
        return put_all(ours, target)
    except OSError as error:
        raise Refused(
            f"{error.filename or target} can't be written: {error.strerror}. Run this "
            "as the daemon's user, or name another folder: profiles.sh FOLDER"
        ) from None


def put_all(ours: Path, target: Path) -> int:
    target.mkdir(parents=True, exist_ok=True)
    wanted = {path.name: path for path in sorted(ours.glob("*"))}
    refused = 0
    for name, source in wanted.items():
        refused |= put(source, target / name)
    for path in sorted(target.iterdir()):
        if path.name not in wanted and path.is_file() and MARK.match(first_line(path)):
            refused |= drop(path)
    return refused


def put(source: Path, target: Path) -> int:
    content = source.read_bytes()
    before = target.read_bytes() if target.exists() else None
    if before == content:
        say(f"{target}: as it should be")
        return 0
    if before is not None and not is_bowlines(before):
        if settings_of(content) <= settings_of(before):
            say(f"{target} is yours, and has the settings of {source}")
            return 0
        say(
            f"{target} is yours and wasn't changed. Add the settings of {source} to "
            "it, written as they are there, and start this again."
        )
        return 1
    target.write_bytes(content)
    say(f"{target}: {'added' if before is None else 'renewed'}")
    return 0


def settings_of(content: bytes) -> set[str]:
    """List what a file sets, each line with the keys that it is under."""
    found: set[str] = set()
    above: list[tuple[int, str]] = []
    for line in content.decode(errors="replace").splitlines():
        text = line.strip()
        indent = len(line) - len(line.lstrip())
        if text.startswith(("#", "//")) or not text:
            continue
        # A list's items may be as far to the left as the key that they are under.
        beside = 1 if text.startswith("- ") else 0
        while above and above[-1][0] >= indent + beside:
            above.pop()
        found.add(" ".join([*(key for _, key in above), text]))
        above.append((indent, text))
    return found


def drop(path: Path) -> int:
    if not is_bowlines(path.read_bytes()):
        say(f"{path}: this bundle has it no longer, but you changed it. Delete it.")
        return 1
    path.unlink()
    say(f"{path}: removed, since this bundle has it no longer")
    return 0


def first_line(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.readline()


def is_bowlines(content: bytes) -> bool:
    """Return whether Bowline wrote it and nobody has changed it since."""
    marked = MARK.match(content)
    if not marked:
        return False
    digest = hashlib.sha256(content[marked.end() :]).hexdigest()
    return marked[1].decode() == digest


def daemons_folder() -> Path:
    """Find where the daemon reads profiles of its current deployment, which hal's own
    config names where hal is elsewhere.
    """
    folder = hal_folder()
    try:
        name = asked().get("name") or "default"
    except FileNotFoundError:
        config = folder / "config"
        current = CURRENT.search(config.read_text()) if config.is_file() else None
        if not current:
            raise Refused(
                f"hal isn't installed on this host, and {config} names no deployment. "
                "Name the folder: profiles.sh FOLDER"
            ) from None
        name = current[1]
    return folder / name / "profiles"


def hal_folder() -> Path:
    """Find the .hal folder of hal's daemon, where its config is."""
    home = os.environ.get("HALCONFIG_DIR") or configured(SETTINGS)
    return Path(home) if home else home_of_daemon(PROCESSES) / ".hal"


def configured(settings: Iterable[Path]) -> str:
    """Read halyard.halconfig.directory, where the installation sets it."""
    for path in settings:
        if path.exists() and (found := DIRECTORY.search(path.read_text())):
            return found[1]
    return ""


def home_of_daemon(processes: Path) -> Path:
    """Return the home folder of whoever the daemon runs as, else of this user; raise
    Refused where it has none.

    Java takes it from the user database, whatever $HOME says.
    """
    owner = next((owner for _, owner in daemons(processes)), os.getuid())
    try:
        return Path(pwd.getpwuid(owner).pw_dir)
    except KeyError:
        container = container_of_daemon(processes)
        where = f", of container {container}," if container else ""
        raise Refused(
            f"The user {owner}{where} has no home folder in the user database here. "
            "Name the .hal folder of Halyard's daemon: HALCONFIG_DIR=FOLDER"
        ) from None


def container_of_daemon(processes: Path) -> str:
    """Name the daemon's container as `docker ps` does; empty: it shows none."""
    for process, _ in daemons(processes):
        with suppress(OSError):
            if found := CONTAINER.search((process / "cgroup").read_text()):
                return found[0][:12]
    return ""


def daemons(processes: Path) -> Iterator[tuple[Path, int]]:
    """Yield each process of Halyard's daemon, and its user."""
    for path in processes.glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
            owner = path.stat().st_uid
        except OSError:
            continue  # it has ended, or is none of our business
        if Path(words[0].decode(errors="replace")).name == "java" and any(
            b"halyard" in word for word in words
        ):
            yield path.parent, owner
