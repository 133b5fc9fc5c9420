"""Closed sets of words, each with a name by which generated clients know it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

NAME = "x-name"
"""Where a schema says what it is called, until it is moved under this name."""


class OneOf:
    """Takes one of these words, and nothing else."""

    def __init__(self, name: str, words: Iterable[str]) -> None:
        self.name, self.words = name, [*map(str, words)]

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.literal_schema(self.words)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "enum": self.words, NAME: self.name}
