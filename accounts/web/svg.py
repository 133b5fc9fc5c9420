"""What the pictures share: rectangles in a drawing, and text cut to what fits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rectangle:
    """In whole pixels, from the drawing's left upper corner."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    @property
    def middle(self) -> int:
        return self.y + self.height // 2


def cut(text: str, most: int) -> str:
    """Shorten a text to this many characters, with an ellipsis at the end."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
