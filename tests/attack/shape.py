"""The shape of a page: its elements and attributes, and where it shows foreign text."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from tests.attack.hostile import HARMLESS, PLANTED, SHORT

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta"}
VOID |= {"source", "track", "wbr"}
TEXT_ONLY = {"title", "textarea", "option", "script"}
"""Elements in which the browser finds no others."""

LEADS = {"href", "src", "action", "formaction"}


class Shape(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, ...]] = []
        self.open: list[tuple[str, bool]] = []
        self.names: set[str] = set()
        """Of the fields of its forms."""
        self.in_reach: list[str] = []
        """Foreign text that htmx would read if it were markup."""
        self.has_htmx = "htmx" in html
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag in {"input", "select", "textarea"}:
            self.names.add(known.get("name") or "")
        if tag == "wbr":
            return  # one after each colon of an ARN
        self.elements.append((tag, *(attribute(*one) for one in attrs)))
        if tag not in VOID:
            off = "hx-disable" in known or tag in TEXT_ONLY
            self.open.append((tag, off))

    def handle_endtag(self, tag: str) -> None:
        while tag in {name for name, _ in self.open}:
            if self.open.pop()[0] == tag:
                return

    def handle_data(self, data: str) -> None:
        foreign = HARMLESS[:SHORT] in data or PLANTED in data
        if foreign and self.has_htmx and not any(off for _, off in self.open):
            self.in_reach.append(" > ".join(tag for tag, _ in self.open))


def attribute(name: str, value: str | None) -> str:
    """Name an attribute, and say where it leads to."""
    if name == "hx-headers":
        return name  # it says, signed, what the page has shown
    if name in LEADS or name.startswith("hx-"):
        return f"{name}={(value or '').partition('?')[0]}"
    return name


def shape_of(page: Any) -> Shape:
    is_html = "html" in page.headers.get("Content-Type", "")
    return Shape(page.content.decode() if is_html else "")
