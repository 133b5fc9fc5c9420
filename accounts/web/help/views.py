"""The documents: all of them, one, and its pictures."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render

from accounts.help.documents import (
    Part,
    document_of,
    documents,
    matching_documents,
    parts,
    pictures,
)
from accounts.http import Request
from accounts.web.crumbs import crumbs
from accounts.web.help.rendering import rendered

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
        {"parts": shown, "text": text},
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
            "crumbs": crumbs("documentation"),
        },
    )


def picture(request: Request, slug: str) -> HttpResponse:
    """Answer with a picture of a page; 404 where docs/pages/ has none of that name."""
    path = pictures().get(slug)
    if path is None:
        raise Http404
    return HttpResponse(path.read_bytes(), content_type="image/webp")
