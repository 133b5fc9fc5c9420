"""Text as HTML with syntax colours: CSS classes only, which code.css colours."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import find_lexer_class_for_filename, get_lexer_by_name


def highlighted(text: str, language: str) -> SafeString:
    """Colour the text; what is in it is escaped."""
    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    formatter = HtmlFormatter(nowrap=True)
    return mark_safe(highlight(text, lexer, formatter))


def highlighted_file(path: str, text: str) -> SafeString:
    found = find_lexer_class_for_filename(path)
    return highlighted(text, found.aliases[0] if found else "text")


def highlighted_json(document: Mapping[str, Any]) -> SafeString:
    return highlighted(json.dumps(document, indent=2, ensure_ascii=False), "json")


JSON_TOKEN = re.compile(
    r'(?P<string>"(?:\\.|[^"\\])*")(?P<colon>\s*:)?'
    r"|(?P<number>-?\b\d[\d.eE+-]*)|(?P<constant>\b(?:true|false|null)\b)"
)


@lru_cache(maxsize=4096)
def highlighted_json_line(line: str) -> SafeString:
    """Colour one line of printed JSON.

    A plan has a thousand of them, many alike: Pygments takes ten times as long.
    """
    coloured: list[SafeString | str] = []
    end = 0
    for found in JSON_TOKEN.finditer(line):
        word = found["string"] or found[0]
        name = "s2" if found["string"] else "mi" if found["number"] else "kc"
        name = "nt" if found["colon"] else name
        coloured += (
            line[end : found.start()],
            format_html('<span class="{}">{}</span>', name, word),
            found["colon"] or "",
        )
        end = found.end()
    return format_html_join("", "{}", ((part,) for part in (*coloured, line[end:])))
