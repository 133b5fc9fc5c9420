"""The pages above a page, for its breadcrumbs."""

from __future__ import annotations

from typing import Protocol

from django.urls import reverse

TITLES = {
    "accounts": "Accounts",
    "adopt": "Existing Spinnaker",
    "bundles": "Bundles",
    "deliveries": "Deliveries",
    "documentation": "Documentation",
    "foreign-policies": "Policies of others",
    "from-file": "Add from a file",
    "organization": "Add from the organization",
    "people": "People",
    "rollouts": "Rollouts",
    "runs": "Runs",
    "settings": "Settings",
    "spinnaker": "Connection",
    "spinnaker-now": "Spinnaker",
    "targets": "Notifications",
}
"""Of pages by the names of their URLs."""


class Row(Protocol):
    def get_absolute_url(self) -> str: ...


def crumbs(*above: str | Row | None) -> list[tuple[str, str]]:
    """Title and URL of each, the uppermost first: pages by name, and rows."""
    return [
        (TITLES[one], reverse(f"accounts:{one}"))
        if isinstance(one, str)
        else (str(one), one.get_absolute_url())
        for one in above
        if one is not None
    ]
