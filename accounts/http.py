"""Requests and answers that pages and the API share: the request behind the middleware,
signed in, and htmx's or not; the URL at which it finds the site; how a large upload is
read without a copy on disk; a page of a long list; and a file that a browser saves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.core.paginator import _SupportsPagination
    from django_htmx.middleware import HtmxDetails

BESIDE = 1024 * 1024
"""Bytes that a request may have in addition to the file."""
CHUNK = 1024 * 1024
PAGE = 50
"""Rows of a list that a page shows."""
T = TypeVar("T")


class Request(HttpRequest):
    user: User
    htmx: HtmxDetails


class InMemory(MemoryFileUploadHandler):
    """Keeps an upload in memory whatever its size, which is known to be bearable."""

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        self.activated = True


def full_url(request: HttpRequest, path: str) -> str:
    """Return where people open this path: on SITE_URL, or else as this request came."""
    if settings.SITE_URL:
        return f"{settings.SITE_URL}{path}"
    return request.build_absolute_uri(path)


def length(request: HttpRequest) -> int:
    said = request.META.get("CONTENT_LENGTH") or "0"
    return int(said) if said.isdigit() else 0


def drain(request: HttpRequest) -> None:
    """Read the body and forget it: a browser shows no answer while it still sends."""
    while request.read(CHUNK):
        pass


def page_of(
    request: HttpRequest, rows: _SupportsPagination[T], size: int | None = None
) -> Page[T]:
    """Return the page that the URL asks for, or the nearest one that there is."""
    return Paginator(rows, size or PAGE).get_page(request.GET.get("page"))


def attachment(content: bytes | str, name: str, kind: str) -> HttpResponse:
    """Answer with a file of this media type; nothing in its name needs escaping."""
    return HttpResponse(
        content,
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
