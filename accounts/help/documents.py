"""The documents that pages link to, and what the choices in forms mean: a form has a
line of it, a document the rest.

No name in a URL becomes a path: it is searched for in this list.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple, cast

from django.conf import settings
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString


def help_line(line: str, place: Place) -> SafeString:
    return format_html(
        '{}{}<a href="{}" target="_blank">Learn more<span class="visually-hidden"> in '
        "“{}” (opens a new tab)</span></a>",
        line,
        " " if line else "",
        place.url,
        place.document.title,
    )


lazily_written = lazy(help_line, SafeString)


def more(line: str, place: str) -> str:
    """Help of a field: a line, and a link to the document that says the rest. The link
    opens a new tab, so that what was filled in stays.
    """
    return cast(str, lazily_written(line, place_of(place)))


ROOT: Path = settings.BASE_DIR
FOLDER = ROOT / "docs"
INDEX = "docs/README.md"
PICTURES = FOLDER / "pages"
SHOWN = re.compile(r"(?:\.\./SECURITY|(?!developers/|pages/)[\w-]+/[\w-]+)\.md")
"""Documents for users. The list also names documents for developers."""

PART = re.compile(r"## (.+)")
ITEM = re.compile(r"- \[(.+?)\]\(([^()]+)\)(?:: (.+))?")


class Document(NamedTuple):
    slug: str
    title: str
    line: str
    """What the list says of it."""
    path: str
    """Where it is in the repository."""

    @property
    def url(self) -> str:
        return reverse("accounts:document", args=[self.slug])

    @property
    def text(self) -> str:
        return (ROOT / self.path).read_text()


class Place(NamedTuple):
    document: Document
    anchor: str

    @property
    def url(self) -> str:
        return f"{self.document.url}#{self.anchor}".rstrip("#")


class Part(NamedTuple):
    title: str
    documents: tuple[Document, ...]


@cache
def parts() -> tuple[Part, ...]:
    """List the documents by purpose; the list is read once."""
    return read_index((ROOT / INDEX).read_text())


def read_index(index: str) -> tuple[Part, ...]:
    """Read the list: its headings, and the links below each of them."""
    found: dict[str, list[Document]] = {}
    title = ""
    for line in index.splitlines():
        if part := PART.fullmatch(line):
            title = part[1]
        item = ITEM.fullmatch(line)
        if item and SHOWN.fullmatch(item[2]):
            path = PurePosixPath(item[2])
            inside = path.name if path.parts[0] == ".." else f"docs/{path}"
            document = Document(path.stem.lower(), item[1], item[3] or "", inside)
            found.setdefault(title, []).append(document)
    return tuple(Part(title, tuple(documents)) for title, documents in found.items())


def documents() -> tuple[Document, ...]:
    return tuple(document for part in parts() for document in part.documents)


def document_of(slug: str) -> Document | None:
    return next((one for one in documents() if one.slug == slug), None)


def place_of(name: str) -> Place:
    """Return the place that “document#heading” names, or “document”."""
    slug, _, anchor = name.partition("#")
    document = document_of(slug)
    assert document is not None, name
    return Place(document, anchor)


def named_documents(text: str) -> list[Document]:
    """Find documents by every word of a text, in their titles and lines."""
    words = text.lower().split()
    return [one for one in documents() if has_all(words, f"{one.title} {one.line}")]


def matching_documents(text: str) -> list[Document]:
    """Find documents by every word of a text; titles and lines come first."""
    words = text.lower().split()
    named = named_documents(text)
    others = (one for one in documents() if one not in named)
    return named + [one for one in others if has_all(words, one.text)]


def has_all(words: list[str], text: str) -> bool:
    said = text.lower()
    return all(word in said for word in words)


@cache
def pictures() -> dict[str, Path]:
    """List the pictures of pages by name."""
    return {path.stem: path for path in sorted(PICTURES.glob("*.webp"))}
