"""What every page shows in addition: the places, the person, and what is wrong."""

from __future__ import annotations

import os
from typing import Any

from django.http import HttpRequest

from accounts.help.pages import PAGES, Help
from accounts.models import Run
from accounts.models.states import Status
from accounts.people.roles import ADMINISTRATOR, has_role, roles_of
from accounts.web.factors.views import is_missing
from accounts.web.search.views import PLACES
from accounts.web.settings.views import side_of
from accounts.web.you.preferences import time_zone
from accounts.web.you.views import SHORTCUTS
from onboarding import VERSION

SECTIONS = {
    "foreign-policies": "accounts",
    "managing": "accounts",
    "settings/activity": "activity",
    "settings/spinnaker": "bundles",
}
"""The places of pages whose URLs begin as those of another place do, or of none."""


def section_of(path: str) -> str:
    """Name the place that a path belongs to."""
    path = path.strip("/")
    own = (SECTIONS[begins] for begins in SECTIONS if path.startswith(begins))
    return next(own, path.partition("/")[0] or "overview")


def emulated() -> str:
    """Return the address that replaces AWS; empty if it is Amazon's own.

    boto3 reads the same variable, so the banner cannot disagree with the calls.
    """
    return os.environ.get("AWS_ENDPOINT_URL", "")


def trouble() -> dict[str, Any] | None:
    """Return the newest ended run's error, where Bowline's own credentials did it."""
    ended = Run.objects.exclude(finished_at=None).exclude(status=Status.DISCARDED)
    error: dict[str, Any] | None = ended.values_list("error", flat=True).first()
    is_ours = isinstance(error, dict) and error.get("own_credentials")
    return error if is_ours else None


def help_on(request: HttpRequest) -> Help | None:
    match = request.resolver_match
    return PAGES.get(match.view_name.removeprefix("accounts:")) if match else None


def bowline(request: HttpRequest) -> dict[str, Any]:
    shown: dict[str, Any] = {"emulated": emulated(), "version": VERSION}
    if request.user.is_authenticated and not is_missing(request):
        roles = ", ".join(roles_of(request.user))
        shown |= {
            "places": [place for place in PLACES if roles or place.icon != "help"],
            "shortcuts": SHORTCUTS,
            "help": help_on(request),
            "shortcuts_off": request.session.get("shortcuts") is False,
            "time_zone": time_zone(request.session),
            "section": section_of(request.path),
            "side": side_of(request),
            "roles": roles,
            "administers": has_role(request.user, ADMINISTRATOR),
            "trouble": trouble(),
        }
    return shown
