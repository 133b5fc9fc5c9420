from __future__ import annotations

import pytest

from onboarding.aws.backoff import LONGEST_DELAY, Backoff
from onboarding.aws.errors import AwsError
from tests.onboarding.aws.field import FakeClock

BUSY = AwsError(
    "922222222222", "iam:GetRole", "AWS throttled the requests.", retryable=True
)


def test_it_repeats_until_it_is_done() -> None:
    time, answers = FakeClock(), iter([BUSY, BUSY, "done"])

    def act() -> str:
        answer = next(answers)
        if isinstance(answer, AwsError):
            raise answer
        return answer

    result = Backoff(60, clock=time.clock).until_done(
        act, "it is busy", again=lambda error: error.retryable
    )

    assert result == "done"
    assert len(time.slept) == 2


def test_it_gives_up_when_its_time_is_over() -> None:
    time = FakeClock()

    def act() -> None:
        raise BUSY

    with pytest.raises(AwsError, match="throttled"):
        Backoff(60, clock=time.clock).until_done(
            act, "it is busy", again=lambda _: True
        )

    assert time.seconds == pytest.approx(60)
    assert max(time.slept) <= LONGEST_DELAY * 1.5


def test_it_does_not_repeat_what_is_final() -> None:
    time = FakeClock()

    def act() -> None:
        raise BUSY

    with pytest.raises(AwsError):
        Backoff(60, clock=time.clock).until_done(
            act, "it is busy", again=lambda _: False
        )

    assert time.slept == []


def test_it_says_that_it_waits_and_takes_it_back() -> None:
    said: list[str] = []
    answers = iter([True, False])

    def act() -> None:
        if next(answers):
            raise BUSY

    Backoff(60, said.append, FakeClock().clock).until_done(
        act, "it is busy", again=lambda _: True
    )

    assert said == ["Waiting for AWS: it is busy.", ""]
