"""A strict Gate that lives in real time, for clients of several threads."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from onboarding.delivery.transport import Answer, Request
from tests.onboarding.delivery.strict_gate import Clock, StrictGate


class RealClock(Clock):
    """The machine's own."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    @property
    def now(self) -> float:  # type: ignore[override]  # of the other, a field
        return time.monotonic() - self.began

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass
class SlowGate(StrictGate):
    """Answers requests of several threads, each after a while."""

    clock: Clock = field(default_factory=RealClock)
    delay: float = 0.0
    saved: list[str] = field(default_factory=list)
    """The name of each account that was stored, in order."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.lock = threading.RLock()

    def send(self, request: Request) -> Answer:
        time.sleep(self.delay)
        with self.lock:
            return super().send(request)

    def put(self, body: Any) -> Answer:
        answer = super().put(body)
        if answer.status == 200:
            self.saved.append(body["name"])
        return answer
