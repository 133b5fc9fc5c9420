"""Ctrl-C and its like: stop between two accounts, never in the middle of one."""

from __future__ import annotations

import signal
from typing import Any

from .calling import say

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Somebody wants this to end now."""


class Stop:
    """Remembers that somebody wants to stop; raises Stopped where that is safe."""

    def __init__(self) -> None:
        self.signal = 0
        self.defers = False
        """Whether hal's config is being changed: then an account is finished first."""

    def listen(self) -> None:
        for one in SIGNALS:
            if signal.getsignal(one) != signal.SIG_IGN:  # as nohup has it
                signal.signal(one, self.heard)

    def heard(self, number: int, _: Any) -> None:
        again, self.signal = bool(self.signal), number
        if not self.defers or again:
            raise Stopped
        say(
            f"{self.name}: stopping once hal has finished this account. A second one "
            "stops at once."
        )

    @property
    def name(self) -> str:
        return "Ctrl-C" if self.signal == signal.SIGINT else self.known.name

    @property
    def known(self) -> signal.Signals:
        return signal.Signals(self.signal)

    @property
    def status(self) -> int:
        """The exit code that a shell expects of what a signal ended."""
        return 128 + self.signal
