"""Documents as pages."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from accounts.help.documents import (
    INDEX,
    PICTURES,
    ROOT,
    Document,
    Part,
    document_of,
    documents,
    matching_documents,
    parts,
    pictures,
)
from accounts.http import Request
from accounts.web.crumbs import crumbs
from accounts.web.highlighting import highlighted

LANGUAGES = {"sh": "bash", "yaml": "yaml", "json": "json"}
HTML = ["html_block", "html_inline"]


class Renderer(RendererHTML):
    """Code has colours and a frame that scrolls, and so do tables."""

    def fence(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        language = LANGUAGES.get(tokens[idx].info.partition(" ")[0], "text")
        code = highlighted(tokens[idx].content, language)
        return format_html('<pre class="code" tabindex="0"><code>{}</code></pre>', code)

    def table_open(self, *_: Any) -> str:
        return '<div class="table-scroll" tabindex="0"><table class="table">'

    def table_close(self, *_: Any) -> str:
        return "</table></div>"


def markdown(renderer: type[RendererHTML] = Renderer) -> MarkdownIt:
    """Make a parser of CommonMark with tables and without HTML."""
    parser = MarkdownIt("commonmark", {"html": False}, renderer_cls=renderer)
    return parser.enable("table").disable(HTML)


EXTERNAL = {"http", "https"}
NOT_IN_ANCHOR = re.compile(r"[^\w\- ]")


class Heading(NamedTuple):
    level: int
    text: str
    anchor: str


class Rendered(NamedTuple):
    title: str
    html: SafeString
    headings: tuple[Heading, ...]


class DocumentRenderer(Renderer):
    """Each heading ends with a link to itself."""

    def heading_close(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        token = tokens[idx]
        return format_html(
            '<a class="anchor" href="#{}" aria-label="Link to this section">#</a></{}>',
            token.meta["anchor"],
            token.tag,
        )


MARKDOWN = markdown(DocumentRenderer)


@lru_cache(maxsize=128)
def rendered(path: str, text: str, known: tuple[Document, ...]) -> Rendered:
    """Write the text as HTML, without its title; the same text is written once."""
    tokens = MARKDOWN.parse(text)
    title = ""
    if tokens and tokens[0].tag == "h1":
        title, tokens = heading_text(tokens[1]), tokens[3:]
    headings = tuple(anchored(tokens))
    for token in tokens:
        if token.children:
            token.children = [*linked(token.children, path, known)]
    html = str(MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}))
    return Rendered(title, mark_safe(html), headings)


def heading_text(inline: Token) -> str:
    """Return the text of a heading, without its marks."""
    return "".join(child.content for child in inline.children or ())


def anchor_of(text: str) -> str:
    """Name a heading as GitHub does, so that a link works there and here."""
    return NOT_IN_ANCHOR.sub("", text.lower()).replace(" ", "-")


def anchored(tokens: Sequence[Token]) -> Iterator[Heading]:
    """Give every heading its anchor, and yield them; a second one has a number."""
    seen: dict[str, int] = {}
    for index, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        text = heading_text(tokens[index + 1])
        name = anchor_of(text)
        times = seen.get(name, 0)
        seen[name] = times + 1
        anchor = f"{name}-{times}" if times else name
        token.attrSet("id", anchor)
        tokens[index + 2].meta = {"anchor": anchor}
        yield Heading(int(token.tag[1:]), text, anchor)


def linked(
    children: Iterable[Token], path: str, known: tuple[Document, ...]
) -> Iterator[Token]:
    """Lead links to pages of Help. What is only in the repository stays text."""
    is_link = False
    for token in children:
        if token.type == "link_open":
            url = destination(str(token.attrGet("href")), path, known)
            is_link = url is not None
            if url is None:
                continue
            token.attrSet("href", url)
            if urlsplit(url).scheme:
                token.attrSet("rel", "noreferrer")
        elif token.type == "link_close" and not is_link:
            continue
        elif token.type == "image":
            yield from pictured(token, path)
            continue
        yield token


def destination(href: str, path: str, known: tuple[Document, ...]) -> str | None:
    """Return where a link of a document leads in Help; None: nowhere."""
    parts = urlsplit(href)
    if parts.scheme:
        return href if parts.scheme in EXTERNAL else None
    if not parts.path:
        return href
    target = inside(parts.path, path)
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    if target == INDEX:
        return reverse("accounts:documentation") + fragment
    return next((one.url + fragment for one in known if one.path == target), None)


def inside(link: str, path: str) -> str:
    """Return which file of the repository a relative link names."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), link))


def pictured(token: Token, path: str) -> Iterator[Token]:
    """Show a picture of docs/pages/, which leads to itself; else only what it shows."""
    folder, name = posixpath.split(inside(str(token.attrGet("src")), path))
    picture, _ = posixpath.splitext(name)
    if folder != PICTURES.relative_to(ROOT).as_posix() or picture not in pictures():
        yield Token("text", "", 0, content=token.content)
        return
    url = reverse("accounts:picture", args=[picture])
    token.attrSet("src", url)
    yield Token("link_open", "a", 1, attrs={"href": url})
    yield token
    yield Token("link_close", "a", -1)


MOST_CHARACTERS = 100
"""Of what is searched for."""


def documentation(request: Request) -> HttpResponse:
    text = request.GET.get("text", "").strip()[:MOST_CHARACTERS]
    shown = parts()
    if text:
        found = tuple(matching_documents(text))
        shown = (Part("Found", found),) if found else ()
    return render(
        request,
        "help/documentation.html",
        {"parts": shown, "text": text},
    )


def document(request: Request, slug: str) -> HttpResponse:
    found = document_of(slug)
    if found is None:
        raise Http404
    return render(
        request,
        "help/document.html",
        {
            "document": found,
            "rendered": rendered(found.path, found.text, documents()),
            "crumbs": crumbs("documentation"),
        },
    )


def picture(request: Request, slug: str) -> HttpResponse:
    """Answer with a picture of a page; 404 where docs/pages/ has none of that name."""
    path = pictures().get(slug)
    if path is None:
        raise Http404
    return HttpResponse(path.read_bytes(), content_type="image/webp")
