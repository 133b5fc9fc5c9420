"""A long text as a short one that JSON can hold: neither is whole in memory twice."""

from __future__ import annotations

import gzip
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from io import BytesIO

BLOCK = 64 * 1024
LEVEL = 1
"""Files of accounts say much the same in each line: more effort gains little."""


def packed(lines: Iterable[str]) -> str:
    """Compress the lines as they come."""
    kept = BytesIO()
    with gzip.open(kept, "wt", LEVEL, encoding="utf-8", newline="") as file:
        file.writelines(lines)
    return b64encode(kept.getbuffer()).decode()


def unpacked(text: str) -> Iterator[str]:
    """Yield what was compressed in blocks; raise OSError or EOFError where it was
    damaged.
    """
    kept = BytesIO(b64decode(text))
    with gzip.open(kept, "rt", encoding="utf-8", newline="") as file:
        while block := file.read(BLOCK):
            yield block
