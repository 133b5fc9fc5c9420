"""Text as HTML with syntax colours: CSS classes only, which code.css colours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

LEXERS = {
    ".json": "json",
    ".js": "javascript",
    ".md": "markdown",
    ".py": "python",
    ".sh": "bash",
    ".yaml": "yaml",
    ".yml": "yaml",
}


def highlighted(text: str, language: str) -> SafeString:
    """Colour the text; what is in it is escaped."""
    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    formatter = HtmlFormatter(nowrap=True)
    return mark_safe(highlight(text, lexer, formatter))


def highlighted_file(path: str, text: str) -> SafeString:
    return highlighted(text, LEXERS.get(PurePosixPath(path).suffix, "text"))


def highlighted_json(document: Mapping[str, Any]) -> SafeString:
    return highlighted(json.dumps(document, indent=2, ensure_ascii=False), "json")
