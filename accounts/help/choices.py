"""What the choices in forms mean: a form has a line of it, and a link to the rest."""

from __future__ import annotations

from typing import cast

from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.help.topic import topics_of

CHOICES = topics_of("choices.md")
BY_SLUG = {topic.slug: topic for topic in CHOICES}


def help_line(line: str, slug: str) -> SafeString:
    topic = BY_SLUG[slug]
    return format_html(
        '{}{}<a href="{}" target="_blank">More about {}<span class="visually-hidden"> '
        "(opens a new tab)</span></a>",
        line,
        " " if line else "",
        topic.url,
        topic.called,
    )


lazily_written = lazy(help_line, SafeString)


def more(line: str, slug: str) -> str:
    """Help of a field: a line, and a link to the topic that says the rest. The link
    opens a new tab, so that what was filled in stays.
    """
    assert slug in BY_SLUG, slug
    return cast(str, lazily_written(line, slug))
