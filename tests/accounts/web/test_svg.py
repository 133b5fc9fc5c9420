from __future__ import annotations

from accounts.web.svg import Rectangle


def test_a_rectangle_knows_its_edges() -> None:
    box = Rectangle(x=10, y=20, width=30, height=41)

    assert (box.right, box.bottom, box.middle) == (40, 61, 40)
