"""The addresses of the API: operations take tokens, its description takes sessions."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import re_path
from django.urls.resolvers import URLPattern

from accounts.api.api import api
from accounts.api.authentication import by_token

FOR_PEOPLE = ("openapi-json", "openapi-view")


def nowhere(request: HttpRequest) -> HttpResponse:
    raise Http404


def addresses() -> list[URLPattern]:
    found = [one for one in api.urls[0] if isinstance(one, URLPattern)]
    for one in found:
        if one.name not in FOR_PEOPLE:
            one.callback = by_token(one.callback)
    return [one for one in found if one.name != "api-root"]


urlpatterns = (
    [*addresses(), re_path("^", by_token(nowhere), name="nowhere")],
    "api",
)
