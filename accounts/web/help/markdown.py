"""Markdown as HTML as the site's other pages have it. What is HTML in it stays text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

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
