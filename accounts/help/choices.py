"""What the choices in forms mean: a form has a line of it, a document the rest."""

from __future__ import annotations

from typing import cast

from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.help.documents import Place, place_of


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
