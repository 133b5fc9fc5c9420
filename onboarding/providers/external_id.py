"""Which providers rule out an external ID, and the sentence that says so. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from onboarding.providers import PROVIDERS


def without_external_id(keys: Iterable[str]) -> str:
    """Name those among the chosen providers that rule it out; empty: none does."""
    chosen = set(keys)
    return " and ".join(
        provider.title
        for key, provider in PROVIDERS.items()
        if key in chosen and provider.needs_open_trust
    )


def no_external_id(titles: str) -> str:
    """Say why these providers and an external ID cannot be combined."""
    return (
        f"{titles} cannot be combined with an external ID: Clouddriver drops it in its "
        f"{titles} credentials, so every {titles} call would be denied."
    )
