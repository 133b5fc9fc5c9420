"""What is discouraged among an account's choices, and for which providers."""

from __future__ import annotations

from onboarding.providers.base import providers_of
from onboarding.resources.plan import Discouraged
from onboarding.topology import Managed


def discouraged(managed: Managed) -> tuple[Discouraged, ...]:
    """List each discouraged choice once."""
    titles: dict[str, list[str]] = {}
    for provider in providers_of(managed):
        for sentence in provider.warnings():
            titles.setdefault(sentence, []).append(provider.title)
    return tuple(
        Discouraged(" and ".join(chosen_for), sentence)
        for sentence, chosen_for in titles.items()
    )
