"""A bundle's Markdown as HTML for reading: nothing in it becomes a link or a tag."""

from __future__ import annotations

from django.utils.safestring import SafeString, mark_safe

from accounts.web.help.markdown import markdown

BELOW = 2
"""The levels of headings that the page around it has."""

MARKDOWN = markdown().disable(["autolink", "image", "link", "reference"])


def readable(text: str) -> SafeString:
    """Write Markdown as HTML; what is HTML in it stays text."""
    tokens = MARKDOWN.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1:]) + BELOW, 6)}"
    return mark_safe(str(MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})))
