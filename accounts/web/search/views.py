"""The page that searches; htmx gets the same list for the palette."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from accounts.http import Request
from accounts.web.search.finding import find


def search(request: Request) -> HttpResponse:
    typed = request.GET.get("text", "")
    groups = find(request.user, typed)
    shown = {
        "typed": typed,
        "groups": groups,
        "count": sum(len(group.hits) for group in groups),
    }
    template = "search/_found.html" if request.htmx else "search/search.html"
    return render(request, template, shown)
