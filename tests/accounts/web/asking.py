"""A page that asks for itself again, as its #live lets htmx do."""

from __future__ import annotations

import json
import re
from html import unescape

from django.http import HttpResponse
from django.test import Client


def seen_by(response: HttpResponse) -> dict[str, str]:
    """Read the headers with which the page asks."""
    found = re.search(r"hx-headers='([^']+)'", response.content.decode())
    assert found, "the page does not ask"
    headers: dict[str, str] = json.loads(unescape(found[1]))
    return headers


def asked_again(client: Client, response: HttpResponse) -> HttpResponse:
    path = response.wsgi_request.get_full_path()
    headers = {**seen_by(response), "HX-Request": "true"}
    answer: HttpResponse = client.get(path, headers=headers)
    return answer
