"""What a help text is: a line, and what the page Help says beyond it.

The texts are in texts/: a heading each, then what the site knows it by, the line, and
the rest as a list.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import yaml
from django.urls import reverse
from markdown_it import MarkdownIt
from markdown_it.token import Token

from accounts.help.documents import Document, document_of

TEXTS = Path(__file__).parent / "texts"


NAMES = ("Bowline", "Spinnaker")
"""They keep their capital."""


class Topic(NamedTuple):
    slug: str
    """The anchor on the page Help."""
    title: str
    line: str
    """What a page shows next to its heading."""
    rest: tuple[str, ...]
    pages: tuple[str, ...] = ()
    """The names of the URLs that it explains."""
    document: str = ""
    """The slug of the document that says all of it."""
    see: str = ""
    """The slug of another topic that says more."""
    words: str = ""
    """What else people call it."""

    @property
    def documented(self) -> Document | None:
        return document_of(self.document)

    @property
    def url(self) -> str:
        return f"{reverse('accounts:help')}#{self.slug}"

    @property
    def called(self) -> str:
        """Return the title as it is in the middle of a sentence."""
        if self.title.startswith(NAMES):
            return self.title
        return self.title[0].lower() + self.title[1:]

    @property
    def said(self) -> str:
        return " ".join((self.title, self.words, self.line, *self.rest)).lower()


def topics_of(name: str) -> tuple[Topic, ...]:
    """Read the topics of a file, in its order."""
    sections = re.split("^(?=## )", (TEXTS / name).read_text(), flags=re.MULTILINE)
    parser = MarkdownIt()
    return tuple(topic(parser.parse(section)) for section in sections[1:])


def topic(tokens: list[Token]) -> Topic:
    (known,) = (yaml.safe_load(one.content) for one in tokens if one.type == "fence")
    texts = (" ".join(one.content.split()) for one in tokens if one.type == "inline")
    title, line, *rest = texts
    pages = tuple(known.pop("pages", ()))
    return Topic(title=title, line=line, rest=tuple(rest), pages=pages, **known)
