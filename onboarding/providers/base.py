"""What a provider is: its details, and what follows from them on either side.

A provider is a frozen dataclass whose fields are the details it asks for. It is data
and pure functions: it calls nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, cast

from onboarding.checks import Call, Check
from onboarding.details import ProviderDetails
from onboarding.grants import Grant
from onboarding.providers.entry_kinds import Entry
from onboarding.resources.kinds import Resource
from onboarding.resources.plan import NotRecommended
from onboarding.topology import Managed, Managing


@dataclass(frozen=True, slots=True)
class Provider(ProviderDetails):
    """The base of EC2, ECS, EKS and Lambda; see CONTRIBUTING for adding one."""

    summary: ClassVar[str]
    """One sentence for the step where providers are chosen."""
    do_not_call_in_templates: ClassVar[bool] = True
    """Django's templates would make an instance of the class wherever they meet it."""

    @classmethod
    def searches(cls, managed: Managed) -> tuple[Call, ...]:
        """Name what to read from AWS (as the access role) before the form is shown."""
        return ()

    def suit(self, managed: Managed) -> None:
        """Raise DetailsError where the details do not suit the account."""

    def choices(self) -> Self:
        """Return itself with only what a person chose, nothing that was looked up."""
        return self

    def in_aws(self) -> Self:
        """Return itself with only what AWS's side depends on, where it holds more."""
        return self

    def warnings(self) -> tuple[str, ...]:
        """Say what is discouraged among the choices made, and why."""
        return ()

    def lookups(self, managed: Managed) -> tuple[Call, ...]:
        """Name what to look up in AWS, with the access role, to know the rest."""
        return ()

    def learned(self, answers: Mapping[Call, Any]) -> Self:
        """Return itself with what the lookups answered filled in.

        Raise DetailsError where an answer rules a detail out.
        """
        return self

    def trusted_services(self) -> tuple[str, ...]:
        """Name the services that must be able to become the managed role."""
        return ()

    def grants(self, managing: Managing, managed: Managed) -> tuple[Grant, ...]:
        """List what the managed role must be allowed for this provider."""
        return ()

    def resources(self, managing: Managing, managed: Managed) -> tuple[Resource, ...]:
        """List what it needs in the managed account in addition to the managed role."""
        return ()

    def checks(self, managing: Managing, managed: Managed) -> tuple[Check, ...]:
        """List the reads that must succeed before Spinnaker hears of the account.

        What every `aws` entry needs is added by `checks` of desired/managed.py.
        """
        return ()

    def entries(self, managing: Managing, managed: Managed) -> tuple[Entry, ...]:
        """List the accounts under which Spinnaker will know it."""
        return ()

    def names(self, managed: Managed) -> tuple[str, ...]:
        """List the Spinnaker account names it takes, without the account's own."""
        return ()


def providers_of(managed: Managed) -> tuple[Provider, ...]:
    """List an account's providers with all that follows from their details.

    A topology holds details only; each of them belongs to a provider.
    """
    return cast(tuple[Provider, ...], managed.providers)


def spinnaker_names(managed: Managed) -> tuple[str, ...]:
    """List every name under which Spinnaker will know the account."""
    others = (name for p in providers_of(managed) for name in p.names(managed))
    return (managed.name, *(one.name for one in managed.other_names), *others)


def not_recommended(managed: Managed) -> tuple[NotRecommended, ...]:
    """List each discouraged choice once."""
    titles: dict[str, list[str]] = {}
    for provider in providers_of(managed):
        for sentence in provider.warnings():
            titles.setdefault(sentence, []).append(provider.title)
    return tuple(
        NotRecommended(" and ".join(chosen_for), sentence)
        for sentence, chosen_for in titles.items()
    )
