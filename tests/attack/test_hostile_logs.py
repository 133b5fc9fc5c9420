"""Tried: every hostile value in what is logged: in the message, in the exception below
it, and in what a library attaches.

Refused: with LOG_FORMAT=json, each record is one line and one JSON object, and the
value is text in it; otherwise a line begins a record only where Bowline wrote it, and
no control character reaches the terminal.
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator

import pytest

from bowline.operations.logs import Ids, JsonLines, Lines
from tests.attack.values import VALUES

logger = logging.getLogger("tests.of.hostile.logs")
BEGINS = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} WARNING tests\.of")
FORGED = "\n2030-01-01 00:00:00,000 WARNING tests.of.hostile.logs: Approved."
TRIED = (*VALUES, f"a{FORGED}", f"a\r{FORGED}")
CONTROLS = re.compile(r"[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u200b]")


def in_message(value: str) -> None:
    logger.warning("Refused: %s, and so on", value)


def in_exception(value: str) -> None:
    try:
        raise ValueError(value)
    except ValueError:
        logger.warning("It failed.", exc_info=True)


def in_cause(value: str) -> None:
    try:
        try:
            raise ValueError(value)
        except ValueError as error:
            raise RuntimeError("second") from error
    except RuntimeError:
        logger.warning("It failed.", exc_info=True)


def in_extra(value: str) -> None:
    logger.warning("Refused.", extra={"request": value, "run": value, "x": value})


WAYS = (in_message, in_exception, in_cause, in_extra)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Give what writes one record by a formatter, and returns all that was written."""
    stream = io.StringIO(newline="")
    handler = logging.StreamHandler(stream)
    handler.addFilter(Ids())
    monkeypatch.setattr(logger, "propagate", False)
    logger.addHandler(handler)

    def write(
        formatter: logging.Formatter, way: Callable[[str], None], value: str
    ) -> str:
        handler.setFormatter(formatter)
        stream.seek(0)
        stream.truncate()
        way(value)
        return stream.getvalue()

    yield write
    logger.removeHandler(handler)


@pytest.mark.parametrize("way", WAYS)
def test_a_record_is_one_line_and_one_json_object(written, way) -> None:
    for value in TRIED:
        text = written(JsonLines(), way, value)

        (line,) = text.splitlines()
        read = json.loads(line)
        assert text == f"{line}\n"
        assert text.isascii()
        assert {"at", "level", "logger", "message"} <= read.keys()
        assert "x" not in read
        if way is in_message:
            assert read["message"] == f"Refused: {value}, and so on"
        if way is in_exception:
            assert read["exc_info"].endswith(f"ValueError: {value}")


@pytest.mark.parametrize("way", WAYS)
def test_a_line_of_the_terminal_begins_a_record_only_once(written, way) -> None:
    for value in TRIED:
        text = written(Lines(), way, value)

        assert not CONTROLS.search(text), repr(text)
        first, *more = text.splitlines()
        assert BEGINS.match(first)
        assert not [line for line in more if not line.startswith("  ")]
