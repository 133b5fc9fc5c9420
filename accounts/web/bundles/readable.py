"""A bundle's Markdown as HTML for reading: nothing in it becomes a link or a tag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from accounts.web.highlighting import highlighted

LANGUAGES = {"sh": "bash", "yaml": "yaml", "json": "json"}
BELOW = 2
"""The levels of headings that the page around it has."""


class Renderer(RendererHTML):
    """HTML as the site's other pages have it."""

    def fence(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        language = LANGUAGES.get(tokens[idx].info.strip(), "text")
        code = highlighted(tokens[idx].content, language)
        return format_html('<pre class="code" tabindex="0"><code>{}</code></pre>', code)

    def table_open(self, *_: Any) -> str:
        return '<div class="table-scroll" tabindex="0"><table class="table">'

    def table_close(self, *_: Any) -> str:
        return "</table></div>"


MARKDOWN = (
    MarkdownIt("commonmark", {"html": False}, renderer_cls=Renderer)
    .enable("table")
    .disable(["autolink", "html_block", "html_inline", "image", "link", "reference"])
)


def readable(text: str) -> SafeString:
    """Write Markdown as HTML; what is HTML in it stays text."""
    tokens = MARKDOWN.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1:]) + BELOW, 6)}"
    return mark_safe(str(MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})))
