"""Every link in the documents leads somewhere; nothing is asked of the network."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from accounts.help.documents import documents
from accounts.web.help.views import anchored
from script.reference import PAGES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FOR_DEVELOPERS = {DOCS / "developers", DOCS / "pages"}
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)
NAMED = re.compile(r"(?<![\w./-])docs/[\w./-]+\.[a-z]+\b")
"""A document as code and texts name it, in a comment or a string."""
BLOCK = re.compile(r"^ *```.*?^ *```$", re.S | re.M)
MADE = {f"docs/{name}" for name in PAGES}
LONGEST = 158
PARSER = MarkdownIt("commonmark").enable("table")


class Read(NamedTuple):
    links: list[str]
    anchors: set[str]


@cache
def read(path: Path) -> Read:
    """Read which links and pictures a document has, and which anchors."""
    tokens = PARSER.parse(path.read_text())
    inside = [child for token in tokens for child in token.children or ()]
    found = [address(token) for token in inside]
    anchors = {heading.anchor for heading in anchored(tokens)}
    return Read([link for link in found if link], anchors)


def address(token: Token) -> str:
    kinds = {"link_open": "href", "image": "src"}
    return str(token.attrGet(kinds.get(token.type, "")) or "")


def wrong(path: Path, link: str) -> str:
    """Say what is wrong with a link; empty: nothing."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        is_site = parts.scheme == "https" and HOST.fullmatch(parts.netloc)
        return "" if is_site else "no address with https://"
    target = path.parent / parts.path if parts.path else path
    if not target.exists():
        return "no such file"
    if ROOT not in target.resolve().parents:
        return "not in the repository"
    if parts.fragment and target.suffix == ".md":
        return "" if parts.fragment in read(target).anchors else "no such heading"
    return "a file without headings" if parts.fragment else ""


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_link_leads_somewhere(path: Path) -> None:
    found = {link: why for link in read(path).links if (why := wrong(path, link))}

    assert not found


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ("docs/operate/backup.md#postgresql", ""),
        ("docs/", ""),
        ("docs/operate/backup.md#nowhere", "no such heading"),
        ("docs/nowhere.md", "no such file"),
        ("#nowhere", "no such heading"),
        ("LICENSE#a", "a file without headings"),
        ("http://example.com/", "no address with https://"),
        ("https://example/", "no address with https://"),
        ("mailto:a@example.com", "no address with https://"),
        ("https://example.com/a#b", ""),
    ],
)
def test_a_link_that_leads_nowhere_is_found(link: str, why: str) -> None:
    assert wrong(ROOT / "README.md", link) == why


def test_every_document_that_code_names_exists() -> None:
    folders = ("accounts", "bowline", "deploy", "onboarding", "script")
    found = {
        path: set(NAMED.findall(path.read_text(errors="replace")))
        for pattern in ("*", "templates/**/*", *(f"{one}/**/*" for one in folders))
        for path in sorted(ROOT.glob(pattern))
        if path.is_file() and path.suffix != ".pyc"
    }

    assert sum(map(len, found.values())) > 50
    assert [
        f"{named(path)}: {name}"
        for path, names in found.items()
        for name in sorted(names)
        if not (ROOT / name).exists()
    ] == []


def test_every_page_is_reached_from_the_index() -> None:
    reached, new = set[Path](), {DOCS / "README.md"}
    while new:
        reached |= new
        new = {
            (path.parent / urlsplit(link).path).resolve()
            for path in new
            for link in read(path).links
            if urlsplit(link).path.endswith(".md") and not urlsplit(link).scheme
        } - reached

    assert {*DOCUMENTS} - reached <= {ROOT / "CHANGELOG.md", ROOT / "README.md"}


def test_help_lists_every_document_once() -> None:
    listed = [one.path for one in documents()]
    kept = {
        named(path) for path in DOCS.glob("*/*.md") if path.parent not in FOR_DEVELOPERS
    }

    assert sorted(listed) == sorted({*listed})
    assert {*listed} == kept | {"SECURITY.md"}, "List each page in docs/README.md."
    assert len({one.slug for one in documents()}) == len(listed)


def test_lines_of_text_are_wrapped() -> None:
    """Tables, blocks, pages that are made of the code, and quotes are not."""
    long = [
        f"{named(path)}:{number}"
        for path in DOCUMENTS
        if path.parent not in FOR_DEVELOPERS and named(path) not in MADE
        for number, line in enumerate(BLOCK.sub("", path.read_text()).splitlines(), 1)
        if len(line) > LONGEST and not line.lstrip().startswith("|")
    ]

    assert not long


def test_the_readme_leads_to_the_index() -> None:
    assert "docs/README.md" in read(ROOT / "README.md").links
