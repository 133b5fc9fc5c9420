"""One script at a time: hal locks nothing, and two would add every account twice."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .calling import Refused, say

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock in the folder of hal's daemon, whoever calls hal; raise Refused,
    and say who has it, otherwise.
    """
    path = folder / "bowline.lock"
    try:
        folder.mkdir(exist_ok=True)
        lock = path.open("a+", encoding="utf-8")
        with suppress(OSError):  # somebody else made it, for everybody
            path.chmod(0o666)
    except OSError as error:
        say(f"No lock: {error}. Make sure that no other script of Bowline's runs.")
        yield
        return
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Refused(
                "Another script of Bowline's is changing the Halyard config: "
                f"{lock.read()}. Wait until it has ended."
            ) from None
        lock.truncate(0)
        since = time.strftime("%H:%M:%S")
        lock.write(f"process {os.getpid()} of user {os.getuid()}, since {since}")
        lock.flush()
        yield
