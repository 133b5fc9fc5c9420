"""Forms that a person sent and Bowline didn't take: their session had ended, they
signed in again in another tab, or their password is asked first. What they entered is
kept in the session until they send it again.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

KEPT = "unsent"
MOST = 100_000
"""Characters; forms that people fill in are shorter."""
SECRET = re.compile("^(code|credential)$|password", re.IGNORECASE)
"""The names of fields that are never kept."""
SESSION_ENDED = "Your session expired"
SIGNED_IN_AGAIN = "You signed in again after you opened the page"
CONFIRMED_FIRST = "Bowline asked you to confirm your identity first"
"""Why a form wasn't taken."""
LONGEST_SHOWN = 2_000


class Unsent(NamedTuple):
    """A form as it was sent."""

    person: int
    """Nobody else sees it."""
    path: str
    page: str
    """Where it was filled in."""
    why: str
    fields: list[tuple[str, str]]
    left: list[str]
    """The names of what isn't kept."""

    @property
    def shown(self) -> list[tuple[str, str]]:
        """Return each field that was filled in, as a person reads it."""
        found: dict[str, list[str]] = {}
        for name, value in self.fields:
            if not value:
                continue
            found.setdefault(in_words(name), []).append(value)
        return [
            (name, "\n".join(values)[:LONGEST_SHOWN]) for name, values in found.items()
        ]

    @property
    def left_in_words(self) -> list[str]:
        return [in_words(name) for name in self.left]


def in_words(name: str) -> str:
    text = re.sub(r"\bid\b", "ID", re.sub(r"[-_]+", " ", name).strip())
    return text[:1].upper() + text[1:]


def keep(request: HttpRequest, person: int, page: str, why: str) -> bool:
    """Keep what a person posted; False where that is too much."""
    pairs = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name != "csrfmiddlewaretoken"
    ]
    if sum(len(name) + len(value) for name, value in pairs) > MOST:
        return False
    secret = {name for name, _ in pairs if SECRET.search(name)}
    request.session[KEPT] = Unsent(
        person=person,
        path=request.get_full_path(),
        page=page,
        why=why,
        fields=[one for one in pairs if one[0] not in secret],
        left=sorted({*secret, *request.FILES}),
    )._asdict()
    return True


def kept(request: HttpRequest) -> Unsent | None:
    """Return what this person sent; what somebody else did is forgotten."""
    found = request.session.get(KEPT)
    if not found:
        return None
    if found["person"] != request.user.pk:
        del request.session[KEPT]
        return None
    return Unsent(**{**found, "fields": [tuple(one) for one in found["fields"]]})


def page_of_form(request: HttpRequest) -> str:
    """Return the page on which it was filled in, as the browser says."""
    came_from = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}):
        return "/"
    parts = urlsplit(came_from)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path or "/"
