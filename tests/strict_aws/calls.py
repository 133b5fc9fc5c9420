"""The calls of Bowline, each compared with AWS's own model of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from onboarding.aws.session import shared_core
from tests.strict_aws.shapes import broken

BUILT = "before-parameter-build"


@dataclass
class Calls:
    made: Counter[str] = field(default_factory=Counter)
    """How often each operation was called, as `service:Operation`."""
    wrong: list[str] = field(default_factory=list)
    """What was not as the model has it."""

    def hear(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        name = f"{model.service_model.service_name}:{model.name}"
        self.made[name] += 1
        if model.input_shape:
            self.wrong += broken(model.input_shape, params, name)


@contextmanager
def listening() -> Iterator[Calls]:
    """Hear what every client is asked that Bowline makes meanwhile."""
    calls, events = Calls(), shared_core().get_component("event_emitter")
    events.register_last(BUILT, calls.hear)
    try:
        yield calls
    finally:
        events.unregister(BUILT, calls.hear)
