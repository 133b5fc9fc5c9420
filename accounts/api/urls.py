"""The addresses of the API: operations take tokens; its description takes sessions,
too, and the page that shows it sessions alone.
"""

from __future__ import annotations

from functools import cache, wraps
from json import dumps

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import re_path
from django.urls.resolvers import URLPattern

from accounts.api.api import api
from accounts.api.authentication import READS, ApiRequest, View, by_token
from accounts.people.roles import VIEWER, has_role

DESCRIPTION, ITS_PAGE = "openapi-json", "openapi-view"


def nowhere(request: HttpRequest) -> HttpResponse:
    raise Http404


def description(request: ApiRequest) -> HttpResponse:
    """Give the description to a program whose token reads."""
    READS.authenticate(request, "")
    return openapi_json()


def for_people_too(view: View) -> View:
    """Let a session open it, where no token is sent."""

    @login_not_required
    @wraps(view)
    def opened(request: HttpRequest) -> HttpResponseBase:
        reads = request.method in ("GET", "HEAD")
        has_token = "Authorization" in request.headers
        if reads and not has_token and has_role(request.user, VIEWER):
            return openapi_json()
        return view(request)

    return opened


def openapi_json() -> HttpResponse:
    return HttpResponse(text_of_description(), content_type="application/json")


@cache
def text_of_description() -> str:
    """Describe the operations once: they stay the same while the process runs."""
    return dumps(api.get_openapi_schema())


def addresses() -> list[URLPattern]:
    found = [one for one in api.urls[0] if isinstance(one, URLPattern)]
    for one in found:
        if one.name == DESCRIPTION:
            one.callback = for_people_too(by_token(description))
        elif one.name != ITS_PAGE:
            one.callback = by_token(one.callback)
    return [one for one in found if one.name != "api-root"]


urlpatterns = (
    [*addresses(), re_path("^", by_token(nowhere), name="nowhere")],
    "api",
)
