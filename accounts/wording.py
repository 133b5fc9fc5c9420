"""Words that many sentences share."""

from __future__ import annotations


def counted(count: int) -> str:
    return "1 account" if count == 1 else f"{count:,} accounts"
