"""The emulated AWS for one test after the other: loaded once, with what its folder
remembers, and forked for whoever connects, until that connection ends. To load it took
each test two seconds.

    python tests/forking_aws.py SOCKET
"""

from __future__ import annotations

import os
import runpy
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread

from ministack import app
from ministack.core import persistence
from ministack.services import eventbridge, scheduler

EMULATED_AWS = Path(__file__).parents[1] / "script" / "emulated_aws.py"
LOADED_LATER = (eventbridge, scheduler)
"""By each emulator that starts, unless they are here already."""


def end_with(asked: socket.socket) -> None:
    """Wait until nobody wants this emulator any more, and remember nothing."""
    asked.recv(1)
    os._exit(0)


def serve(asked: socket.socket, serves: Callable[[], None]) -> None:
    """Serve on the port that was asked for."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ["GATEWAY_PORT"] = asked.recv(9).decode()
    Thread(target=end_with, args=[asked], daemon=True).start()
    serves()


def fork_for_each(path: str, serves: Callable[[], None]) -> None:
    # Nobody waits for those that end.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{path}.new")
        listener.listen()
        os.rename(f"{path}.new", path)
        while True:
            asked, _ = listener.accept()
            with asked:
                if os.fork() == 0:
                    listener.close()
                    serve(asked, serves)


if __name__ == "__main__":
    path, serves = sys.argv.pop(), app.main
    app._load_persisted_state()
    app.PERSIST_STATE = persistence.PERSIST_STATE = False
    app.main = lambda: fork_for_each(path, serves)
    runpy.run_path(str(EMULATED_AWS), run_name="__main__")
