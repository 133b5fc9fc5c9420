"""Which providers rule out an external ID, and the sentence that says so. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

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
        f"{titles} can't be combined with an external ID: Clouddriver drops it in its "
        f"{titles} credentials, so every {titles} call would be denied."
    )


def denied(
    ecs: Mapping[str, str], external_ids: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield each ECS account in Spinnaker whose calls would be denied, and why: `ecs`
    has the AWS account of each, `external_ids` what those send.
    """
    for name, aws_account in ecs.items():
        if external_ids.get(aws_account):
            yield name, no_external_id(without_external_id(["ecs"]))
