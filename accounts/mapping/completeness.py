"""What is missing of an account before it can be planned."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from accounts.mapping.managed import managed_of
from accounts.mapping.managing import clash_of
from accounts.models import EnabledProvider, ManagedAccount
from accounts.models.account import Unreadable
from accounts.refused import Refused
from onboarding.details import DetailsError
from onboarding.providers import PROVIDERS
from onboarding.providers.base import providers_of
from onboarding.providers.external_id import no_external_id, without_external_id
from onboarding.resources.policy import QuotaExceeded
from onboarding.spinnaker.bundle.contents import BadArchive

CANNOT_BE_USED = (Unreadable, DetailsError, QuotaExceeded, BadArchive)


class Incomplete(Refused):
    """Something of the account is not described yet; the message names what."""

    code = "INCOMPLETE"


class Part(NamedTuple):
    """A part of an account's description: a step of the wizard."""

    slug: str
    title: str
    has_details: Callable[[ManagedAccount], bool]


def has_identity(account: ManagedAccount) -> bool:
    return bool(account.name and account.account_id)


def has_access(account: ManagedAccount) -> bool:
    """Return whether its access was described: an empty role is an answer, too."""
    said = account.is_handed_off or account.access_role or has_providers(account)
    return bool(account.regions and said)


def has_providers(account: ManagedAccount) -> bool:
    return bool(enabled_providers(account))


def has_details(account: ManagedAccount) -> bool:
    enabled = enabled_providers(account)
    return bool(enabled) and all(provider.has_details for provider in enabled)


PARTS = (
    Part("identity", "Identity", has_identity),
    Part("providers", "Providers", has_providers),
    Part("access", "Access", has_access),
    Part("details", "Details", has_details),
)


def enabled_providers(account: ManagedAccount) -> list[EnabledProvider]:
    """List the chosen providers in the order in which they are offered."""
    order = list(PROVIDERS)
    return sorted(account.providers.all(), key=lambda p: order.index(p.key))


def problem(account: ManagedAccount, slug: str) -> str:
    """Say what an answer of this part now contradicts; empty if nothing."""
    enabled = enabled_providers(account)
    if slug == "access" and (clash := clash_of(account.managed_role)):
        return clash
    if slug == "access" and account.uses_external_id:
        titles = without_external_id(provider.key for provider in enabled)
        return titles and f"{no_external_id(titles)} Turn off the external ID below."
    if slug == "details":
        try:
            managed = managed_of(account)
        except DetailsError as error:
            return str(error)
        for provider in providers_of(managed):
            try:
                provider.suit(managed)
            except DetailsError as error:
                return f"{provider.title}: {error}"
    return ""


def missing(account: ManagedAccount) -> list[Part]:
    """List the parts that are missing for a plan, or that contradict others."""
    return [
        part
        for part in PARTS
        if problem(account, part.slug) or not part.has_details(account)
    ]


def refuse_incomplete(account: ManagedAccount) -> None:
    """Raise Incomplete where something is missing for a plan."""
    if parts := missing(account):
        titles = ", ".join(part.title.lower() for part in parts)
        raise Incomplete(f"These steps are incomplete: {titles}.")
