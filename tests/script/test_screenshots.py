"""The pictures of every page, as they are kept in docs/pages."""

from __future__ import annotations

import re
from pathlib import Path

from script.screenshots import LOOKS, MOST_BYTES, write_index

PAGES = Path(__file__).parents[2] / "docs" / "pages"
MOST_OF_ALL = 3_000_000


def test_each_page_has_a_picture_for_each_look() -> None:
    pictures = {file.name for file in PAGES.glob("*.webp")}
    phone = LOOKS[1].suffix

    pages = {name.removesuffix(".webp").removesuffix(phone) for name in pictures}

    assert len(pages) > 25
    assert pictures == {f"{page}{look.suffix}.webp" for page in pages for look in LOOKS}


def test_pictures_are_small() -> None:
    sizes = {file.name: file.stat().st_size for file in PAGES.rglob("*.webp")}

    assert [name for name, size in sizes.items() if size > MOST_BYTES] == []
    assert sum(sizes.values()) < MOST_OF_ALL


def test_every_picture_that_the_list_names_is_kept() -> None:
    named = re.findall(r"\]\(([^)]*)\)", (PAGES / "README.md").read_text())

    assert {PAGES / name for name in named} == {*PAGES.rglob("*.webp")}


def test_the_list_shows_a_page_at_a_desk_and_on_a_phone(tmp_path: Path) -> None:
    for look in LOOKS:
        (tmp_path / f"bundle-next{look.suffix}.webp").touch()

    write_index(tmp_path)

    text = (tmp_path / "README.md").read_text()
    assert "## Bundle next" in text
    assert (
        "| ![Bundle next](bundle-next.webp) | ![Bundle next](bundle-next-390-dark.webp)"
    ) in text
