"""All help on one page."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from accounts.web.help.topics import TOPICS
from accounts.web.request import Request


def help_page(request: Request) -> HttpResponse:
    return render(request, "help/help.html", {"topics": TOPICS})
