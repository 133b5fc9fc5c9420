"""Environments to choose from, the one without a name included."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import ManagedAccount

NO_ENVIRONMENT = "none"
"""In the place of the empty name, which no box can send."""


def environment_choices(chosen: Iterable[str]) -> list[tuple[str, str]]:
    """Offer what is in use, and what was chosen when it was."""
    used = ManagedAccount.objects.order_by().values_list("environment", flat=True)
    return [
        (key_of(name), name or "no environment")
        for name in sorted({*used.distinct(), *chosen})
    ]


def key_of(environment: str) -> str:
    return f"e:{environment}" if environment else NO_ENVIRONMENT


def names_of(keys: Iterable[str]) -> list[str]:
    return ["" if key == NO_ENVIRONMENT else key[2:] for key in keys]
