"""Write the pages in docs/ that are made of the code, once Django was set up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from script.api_reference import adopt_schema, api_reference
from script.commands_reference import commands_reference
from script.settings_reference import settings_reference

DOCS = Path(__file__).parents[1] / "docs"
PAGES: dict[str, Callable[[], str]] = {
    "adopt.schema.json": adopt_schema,
    "reference/api-reference.md": api_reference,
    "reference/command-line.md": commands_reference,
    "reference/settings.md": settings_reference,
}


def main() -> None:
    for name, written in PAGES.items():
        (DOCS / name).write_text(written())
        print(f"docs/{name}")
