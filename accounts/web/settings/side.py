"""The pages of settings, which are listed at the side of each of them."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest
from django.urls import reverse

from accounts.web.search.destinations import opens

SETTINGS = "accounts:settings"


class Page(NamedTuple):
    title: str
    url: str
    tab: str = ""
    """In the address; empty: the page has none, or it is the first one."""

    @property
    def address(self) -> str:
        return reverse(self.url) + (f"?tab={self.tab}" if self.tab else "")


PAGES = (
    Page("Roles", SETTINGS),
    Page("People", "accounts:people"),
    Page("Approval rules", SETTINGS, "rules"),
    Page("Notifications", "accounts:targets"),
    Page("API tokens", "accounts:all-tokens"),
    Page("This site", SETTINGS, "site"),
)


class Entry(NamedTuple):
    page: Page
    is_current: bool


def side_of(request: HttpRequest) -> list[Entry]:
    """List the pages that the person may open; none where this is no page of them."""
    here = page_of(request)
    if here is None:
        return []
    mine = (page for page in PAGES if opens(request.user, page.url))
    return [Entry(page, page == here) for page in mine]


def page_of(request: HttpRequest) -> Page | None:
    """Find the page that a request is for, or for a part of."""
    if request.path == reverse(SETTINGS):
        return part_of(request)
    below = (page for page in PAGES if page.url != SETTINGS)
    return next((p for p in below if request.path.startswith(p.address)), None)


def part_of(request: HttpRequest) -> Page:
    """Return the part of the settings that the address names, else the first one."""
    tab = request.GET.get("tab", "")
    parts = [page for page in PAGES if page.url == SETTINGS]
    return next((page for page in parts if page.tab == tab), parts[0])
