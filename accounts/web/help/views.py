"""All help on one page."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpResponse
from django.shortcuts import render

from accounts.help.choices import CHOICES
from accounts.help.topic import Topic
from accounts.http import Request
from accounts.web.help.topics import BY_SLUG, PAGES


class Part(NamedTuple):
    title: str
    topics: list[tuple[Topic, Topic | None]]
    """Each with the one that says more."""


def help_page(request: Request) -> HttpResponse:
    parts = [
        Part(title, [(topic, BY_SLUG.get(topic.see)) for topic in topics])
        for title, topics in (("Pages", PAGES), ("Choices", CHOICES))
    ]
    return render(request, "help/help.html", {"parts": parts})
