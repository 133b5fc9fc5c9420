"""All help on one page, and the topic that explains a page."""

from __future__ import annotations

from typing import NamedTuple

from django.http import Http404, HttpResponse
from django.shortcuts import render

from accounts.help.choices import CHOICES
from accounts.help.documents import (
    Part,
    document_of,
    documents,
    matching_documents,
    parts,
    pictures,
)
from accounts.help.topic import Topic, topics_of
from accounts.http import Request
from accounts.web.crumbs import crumbs
from accounts.web.help.rendering import rendered

PAGES = topics_of("pages.md")
TOPICS = (*PAGES, *CHOICES)
BY_SLUG = {topic.slug: topic for topic in TOPICS}
BY_PAGE = {page: topic for topic in PAGES for page in topic.pages}


def topic_of(view_name: str) -> Topic | None:
    """Return the topic that explains a page."""
    return BY_PAGE.get(view_name.removeprefix("accounts:"))


def matching_topics(text: str) -> list[Topic]:
    """Find topics by every word of a text."""
    words = text.lower().split()
    return [topic for topic in TOPICS if all(word in topic.said for word in words)]


class HelpPart(NamedTuple):
    title: str
    topics: list[tuple[Topic, Topic | None]]
    """Each with the one that says more."""


def help_page(request: Request) -> HttpResponse:
    parts = [
        HelpPart(title, [(topic, BY_SLUG.get(topic.see)) for topic in topics])
        for title, topics in (("Pages", PAGES), ("Choices", CHOICES))
    ]
    return render(request, "help/help.html", {"parts": parts})


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
        {"parts": shown, "text": text, "crumbs": crumbs("help")},
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
            "crumbs": crumbs("help", "documentation"),
        },
    )


def picture(request: Request, slug: str) -> HttpResponse:
    """Answer with a picture of a page; 404 where docs/pages/ has none of that name."""
    path = pictures().get(slug)
    if path is None:
        raise Http404
    return HttpResponse(path.read_bytes(), content_type="image/webp")
