"""Write the pages in docs/ that are made of the code."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import django

from script.commands_reference import commands_reference
from script.settings_reference import settings_reference

DOCS = Path(__file__).parents[1] / "docs"
PAGES: dict[str, Callable[[], str]] = {
    # ninja wants the settings as soon as it is imported.
    "adopt.schema.json": lambda: import_module("script.adopt_schema").adopt_schema(),
    "reference/api-reference.md": lambda: import_module(
        "script.api_reference"
    ).api_reference(),
    "reference/command-line.md": commands_reference,
    "reference/settings.md": settings_reference,
}


def main() -> None:
    for name, written in PAGES.items():
        (DOCS / name).write_text(written())
        print(f"docs/{name}")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bowline.settings")
    os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(50))
    django.setup()
    main()
