"""A long text that is kept compressed."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pytest

from accounts.packed import packed, unpacked

LINES = ['"name"\r\n', '"é\n"\r\n', *(f'"account-{n}"\r\n' for n in range(20_000))]


def test_a_text_comes_out_as_it_went_in_and_in_small_blocks() -> None:
    text = packed(iter(LINES))
    blocks = list(unpacked(text))

    assert "".join(blocks) == "".join(LINES)
    assert len(text) < len("".join(LINES)) / 3
    assert max(map(len, blocks)) < len("".join(LINES)) / 3


def test_nothing_is_empty() -> None:
    assert list(unpacked(packed([]))) == []


def test_a_text_that_was_cut_is_not_taken_for_a_whole_one() -> None:
    cut = b64encode(b64decode(packed(LINES))[:-5]).decode()

    with pytest.raises(EOFError):
        list(unpacked(cut))
