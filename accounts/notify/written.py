"""A notice's text: what mail and targets make of it, and what of others is in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from django.conf import settings
from django.urls import reverse

from onboarding.names import visible

LONGEST = 500
"""Of one line that others wrote."""


class Text(NamedTuple):
    title: str
    paragraphs: tuple[str, ...]
    where: str
    """What the link leads to."""
    path: str
    why: str
    """Why a person receives it; of no use to a team."""
    about: Mapping[str, Any] = MappingProxyType({})
    """What programs may want to know, as JSON."""
    is_chosen: bool = True
    """Whether a person can switch it off."""

    @property
    def subject(self) -> str:
        return f"Bowline: {self.title}"

    @property
    def url(self) -> str:
        return link(self.path)

    @property
    def body(self) -> str:
        """Return it as mail, with where to switch that off."""
        parts = [*self.paragraphs, f"{self.where}: {self.url}", self.why]
        if self.is_chosen:
            parts.append(f"Turn email off or on: {link(reverse('you'))}")
        return "\n\n".join(parts) + "\n"


def text_of_paragraphs(
    title: str,
    *paragraphs: Iterable[str],
    where: str,
    path: str,
    why: str,
    about: Mapping[str, Any] = MappingProxyType({}),
    is_chosen: bool = True,
) -> Text:
    """Put it together, without paragraphs that say nothing."""
    texts = ("\n".join(filter(None, lines)) for lines in paragraphs)
    return Text(title, tuple(filter(None, texts)), where, path, why, about, is_chosen)


def one_line(text: str) -> str:
    """Keep what others wrote from looking like lines of Bowline's own."""
    return visible(" ".join(text.split()))[:LONGEST]


def link(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


def in_utc(moment: datetime) -> str:
    return f"{moment:%-d %b %Y, %H:%M} UTC"
