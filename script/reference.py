"""Write the pages in docs/ that are made of the code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from script.settings_reference import settings_reference

DOCS = Path(__file__).parents[1] / "docs"
PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_reference,
}


def main() -> None:
    for name, written in PAGES.items():
        (DOCS / name).write_text(written())
        print(f"docs/{name}")


if __name__ == "__main__":
    main()
