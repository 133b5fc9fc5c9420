"""The picture that an authenticator app reads, as one path of an SVG."""

from __future__ import annotations

from typing import NamedTuple

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode


class Picture(NamedTuple):
    size: int
    """In squares, with the border that readers need."""
    path: str


def picture_of(text: str) -> Picture:
    code = QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(text)
    code.make()
    rows = code.get_matrix()
    squares = (
        f"M{x} {y}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, is_dark in enumerate(row)
        if is_dark
    )
    return Picture(len(rows), "".join(squares))
