"""/metrics: what Prometheus reads, for whoever has the token or calls from an allowed
network. Without either setting there is no such page.
"""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from accounts.operations.measured import Measured
from bowline.client_address import address_of

PATH = "/metrics"
REFUSED = (
    "This needs the token in METRICS_TOKEN, as “Authorization: Bearer …”, or an "
    "address in METRICS_NETWORKS.\n"
)


def has_token(request: HttpRequest) -> bool:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    is_right = compare_digest(token.strip().encode(), wanted.encode())
    return bool(wanted) and kind.lower() == "bearer" and is_right


def is_allowed(request: HttpRequest) -> bool:
    """Return whether the token is right, or the address is in an allowed network."""
    address = address_of(request.META.get("REMOTE_ADDR", ""))
    if address and any(address in network for network in settings.METRICS_NETWORKS):
        return True
    return has_token(request)


def metrics(request: HttpRequest) -> HttpResponse:
    if not is_allowed(request):
        return HttpResponse(
            REFUSED,
            status=401,
            content_type="text/plain; charset=utf-8",
            headers={"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"},
        )
    # Of its own: the usual registry describes the process that happens to answer.
    registry = CollectorRegistry()
    registry.register(Measured())
    return HttpResponse(
        generate_latest(registry),
        content_type=CONTENT_TYPE_PLAIN_0_0_4,
        headers={"Cache-Control": "no-store"},
    )


class Metrics:
    """Middleware: answer /metrics by whatever name the site is called.

    A scraper calls by an address that is no allowed host, and has no session.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_on = settings.METRICS_TOKEN or settings.METRICS_NETWORKS
        if is_on and request.path_info == PATH:
            return metrics(request)
        return self.get_response(request)
