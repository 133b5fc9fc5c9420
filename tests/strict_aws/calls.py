"""The calls of Bowline, each compared with AWS's own model of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from onboarding.aws.shared_clients import shared_client, shared_core
from tests.strict_aws.shapes import broken

BUILT = "before-parameter-build"


@dataclass
class Calls:
    made: Counter[str] = field(default_factory=Counter)
    """How often each operation was called, as `service:Operation`."""
    assumed: set[str] = field(default_factory=set)
    """The ARNs of the roles that were assumed."""
    wrong: list[str] = field(default_factory=list)
    """What was not as the model has it."""

    def hear(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        name = f"{model.service_model.service_name}:{model.name}"
        self.made[name] += 1
        if name == "sts:AssumeRole":
            self.assumed.add(params["RoleArn"])
        if model.input_shape:
            self.wrong += broken(model.input_shape, params, name)


@pytest.fixture(autouse=True)
def calls() -> Iterator[Calls]:
    """Hear what Bowline's clients are asked, wherever a conftest imports this; fail
    what does not keep to the model.
    """
    heard, events = Calls(), shared_core().get_component("event_emitter")
    shared_client.cache_clear()
    events.register_last(BUILT, heard.hear)
    yield heard
    events.unregister(BUILT, heard.hear)
    assert heard.wrong == []
