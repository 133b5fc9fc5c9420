"""A rehearsed month notices what it should: what grows, and what a site refuses."""

from __future__ import annotations

import pytest

from script.agreement import some
from script.growth import Sample, growth_of
from script.people import Refused, patiently


def held(*values: float, start: int = 1, begins: float = 0) -> list[Sample]:
    return [
        Sample(begins + 60.0 * minute, start, value)
        for minute, value in enumerate(values)
    ]


def test_memory_that_grows_has_a_slope() -> None:
    check = growth_of(held(*(100.0 + minute for minute in range(60))), "web", "MB")

    assert check is not None
    assert check.found == "102.0 MB, +60.0 an hour, in 57 minutes"
    assert check.wrong == "it grows"


def test_only_the_last_start_of_a_server_counts_once_it_is_warm() -> None:
    restarted = held(*[500.0] * 20)
    again = held(900.0, 900.0, *[100.0] * 20, start=2, begins=1200.0)

    check = growth_of(restarted + again, "web", "MB")

    assert check is not None
    assert check.found.startswith("100.0 MB, +0.0 an hour")
    assert check.wrong == ""
    assert growth_of(held(1.0, 1.0), "web", "MB") is None


@pytest.mark.parametrize(
    ("first", "per_hour", "minutes", "grows"),
    [
        (100.0, 12.0, 34, True),
        (100.0, 9.0, 34, False),
        (100.0, 12.0, 31, False),
        (2.0, 0.6, 34, True),
        (2.0, 0.4, 34, False),
    ],
)
def test_memory_leaks_from_a_tenth_or_half_a_megabyte_an_hour(
    first: float, per_hour: float, minutes: int, grows: bool
) -> None:
    values = [first + per_hour * minute / 60 for minute in range(minutes)]

    check = growth_of(held(*values), "web", "MB")

    assert check is not None
    assert bool(check.wrong) is grows


def test_a_few_open_files_may_come_and_go() -> None:
    few = growth_of(held(*(10 + minute / 10 for minute in range(60))), "files", "")
    many = growth_of(held(*(10 + minute for minute in range(60))), "files", "")

    assert few is not None
    assert many is not None
    assert (few.wrong, many.wrong) == ("", "it grows")


def test_what_is_wrong_is_named_and_counted() -> None:
    assert some([]) == ""
    assert some(range(7)) == "7: 0, 1, 2, 3, 4"


def test_a_site_that_is_away_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("script.people.time.sleep", lambda _: None)
    answers: list[bytes | Exception] = [ConnectionRefusedError(), b"ok"]

    def ask() -> bytes:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert patiently(ask) == b"ok"


def test_what_the_site_refuses_is_said() -> None:
    assert str(Refused(409, b'{"code": "a", "detail": "b"}')) == "409 a: b"
    assert str(Refused(502, b"<html>")) == "502 None: <html>"
