"""Tabs of a page; which one is shown is in the page's address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.http import HttpRequest


class Tab(NamedTuple):
    key: str
    """In the address: `?tab=key`."""
    title: str
    total: int | None = None
    """How many rows it has; None: it is no list."""
    page: str = ""
    """The address of its own page; empty: it is a part of this one."""

    @property
    def url(self) -> str:
        return self.page or f"?tab={self.key}"


def chosen(request: HttpRequest, tabs: Sequence[Tab]) -> Tab:
    """Return the tab that the address names, else the first one."""
    asked = request.GET.get("tab")
    return next((tab for tab in tabs if tab.key == asked and not tab.page), tabs[0])
