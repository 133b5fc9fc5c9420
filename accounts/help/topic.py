"""What a help text is: a line, and what the page Help says beyond it."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse

from accounts.help.documents import Document, document_about


class Topic(NamedTuple):
    slug: str
    """The anchor on the page Help."""
    title: str
    line: str
    """What a page shows next to its heading."""
    rest: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    """The names of the URLs that it explains."""
    see: str = ""
    """The slug of another topic that says more."""
    words: str = ""
    """What else people call it."""

    @property
    def documented(self) -> Document | None:
        """Return the document that says all of it."""
        return document_about(self.slug)

    @property
    def url(self) -> str:
        return f"{reverse('accounts:help')}#{self.slug}"

    @property
    def called(self) -> str:
        """Return the title as it is in the middle of a sentence."""
        return self.title[0].lower() + self.title[1:]

    @property
    def said(self) -> str:
        return " ".join((self.title, self.words, self.line, *self.rest)).lower()
