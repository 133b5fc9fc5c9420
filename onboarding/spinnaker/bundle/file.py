"""A file of a bundle: what every format yields."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """One file of a bundle; its path is relative to the bundle's folder."""

    path: str
    text: str
    executable: bool = False

    @property
    def content(self) -> bytes:
        return self.text.encode()
