"""The request as views know it behind the middleware: signed in, and htmx's or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django_htmx.middleware import HtmxDetails


class Request(HttpRequest):
    user: User
    htmx: HtmxDetails
