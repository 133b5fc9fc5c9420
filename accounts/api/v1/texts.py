"""Texts in requests that every database takes."""

from __future__ import annotations

from typing import Annotated

from ninja import Field, Path

NO_NUL = "^[^\\x00]*$"
LARGEST = 2**31 - 1

Filter = Annotated[str, Field(max_length=200, pattern=NO_NUL)]
Name = Annotated[str, Path(max_length=60, pattern="^[a-z0-9-]+$")]
"""The name of an account in Bowline."""
Number = Annotated[int, Path(ge=1, le=LARGEST)]
