from __future__ import annotations

import pytest

from accounts.web.svg import Rectangle, cut


def test_a_rectangle_knows_its_edges() -> None:
    box = Rectangle(x=10, y=20, width=30, height=41)

    assert (box.right, box.bottom, box.middle) == (40, 61, 40)


@pytest.mark.parametrize(
    ("text", "shown"), [("", ""), ("abcd", "abcd"), ("abcde", "abc…")]
)
def test_a_text_is_cut_to_what_fits(text: str, shown: str) -> None:
    assert cut(text, 4) == shown
