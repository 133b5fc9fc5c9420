"""At every request of a delivery to an adopted Spinnaker, something goes wrong: no
account is lost that was not to be removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from accounts.spinnaker.deliveries.decisions import approve
from tests.accounts.spinnaker.deliveries.delivering import finish, plan
from tests.accounts.spinnaker.deliveries.test_adopted import THEIRS, adopted, settled
from tests.onboarding.delivery.strict_gate import Killed, StrictGate, error


def killed(strict: StrictGate, number: int) -> None:
    strict.killed_at = number


def answered_once(strict: StrictGate, number: int, status: int) -> None:
    """Answer the request of this number, and only that, with an error."""
    first, send = len(strict.requests) + number // 2, strict.answer

    def answer(method: str, path: str, body: Any) -> Any:
        if len(strict.requests) - 1 == first:
            return error(status)
        return send(method, path, body)

    strict.answer = answer  # type: ignore[method-assign]


def unpolled(strict: StrictGate, number: int) -> None:
    """Let Clouddriver poll no more from the request of this number on."""
    first, send = len(strict.requests) + number // 2, strict.answer

    def answer(method: str, path: str, body: Any) -> Any:
        strict.polls = len(strict.requests) - 1 < first
        return send(method, path, body)

    strict.answer = answer  # type: ignore[method-assign]


MISHAPS: dict[str, Callable[[StrictGate, int], None]] = {
    "killed": killed,
    "refused": lambda strict, number: answered_once(strict, number, 400),
    "denied": lambda strict, number: answered_once(strict, number, 403),
    "timed out": unpolled,
}


REQUESTS = 34
"""Of the delivery that nothing happens to."""
SHORT = (20, 34, 35, 36, 37, 60, 61)
"""Around each request that writes; the numbers of those that answer are even."""


def everywhere(mishap: str) -> Iterator[Any]:
    for number in range(0, 2 * REQUESTS, 1 if mishap == "killed" else 2):
        marks = [] if number in SHORT else [pytest.mark.exhaustive]
        yield pytest.param(mishap, number, marks=marks, id=f"{mishap} at {number}")


@pytest.mark.parametrize(
    ("mishap", "number"), [one for name in MISHAPS for one in everywhere(name)]
)
def test_whatever_goes_wrong_no_loaded_account_is_lost(
    strict: StrictGate, mishap: str, number: int
) -> None:
    """Their accounts are taken over while one changes its Regions, which their ECS
    account would not notice.
    """
    adopted(strict, regions=["us-east-1", "us-west-2"])
    delivery = plan(strict, agreed=["prod", "their_ecs"])
    approve(delivery, None)
    MISHAPS[mishap](strict, number)

    with suppress(Killed):
        finish(strict, delivery)
    strict.killed_at = -1
    finish(strict, delivery)

    assert {*strict.stored} == {*THEIRS}
    assert settled(strict) == {*THEIRS}
