"""Chosen clusters become part of their accounts: all of them, or none.

Every name that Spinnaker could not take is said before anything is saved.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import IntegrityError, transaction
from pydantic import BaseModel

from accounts.discover.clusters.search import described_clusters
from accounts.mapping.accounts_file import MEANWHILE
from accounts.mapping.accounts_file.comparison import compare
from accounts.mapping.accounts_file.saving import save
from accounts.mapping.managed import columns_of_row, managed_of
from accounts.models import FoundCluster, ManagedAccount, Question
from accounts.people.deciding import Outside
from accounts.slices import in_slices
from onboarding.accounts_file.managed import WrittenAccount
from onboarding.details import DetailsError
from onboarding.names import any_case
from onboarding.providers import PROVIDERS
from onboarding.providers.base import providers_of, spinnaker_names
from onboarding.providers.eks import Cluster, Eks
from onboarding.topology import Managed

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PLACES = ("account", "cluster", "region")
"""What a pattern of names may hold in braces."""

IN_BRACES = re.compile(r"\{(\w*)\}")


class ClustersRefused(ValueError):
    """Nothing was saved; each sentence names a cluster or an account, and says why."""

    def __init__(self, sentences: Iterable[str]) -> None:
        self.sentences = list(dict.fromkeys(sentences))
        super().__init__(" ".join(self.sentences))


class Alike(BaseModel, frozen=True):
    """What all chosen clusters get."""

    pattern: str
    rights: str
    namespaces: list[str]
    access: str

    @classmethod
    def of(cls, search: Question) -> Alike:
        return search.read("input", cls)

    def name(self, found: FoundCluster) -> str:
        """Name a cluster's account in Spinnaker, which may not take that name."""
        values = {
            "account": found.account.name,
            "cluster": found.name,
            "region": found.region,
        }
        return IN_BRACES.sub(
            lambda place: as_name(values.get(place[1], place[0])), self.pattern
        )

    def cluster(self, found: FoundCluster) -> Cluster:
        """Describe it; raise DetailsError where it cannot be what is asked."""
        described = Cluster(
            name=found.name,
            region=found.region,
            account_name=self.name(found),
            namespaces=tuple(self.namespaces),
            rights=self.rights,
            access=self.access,
            mode=found.mode,
        )
        return replace(described, mode="")


def as_name(text: str) -> str:
    """Write a part of a name as the name of a new cluster's account is written."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def wrong_places(pattern: str) -> list[str]:
    """Name what is in braces and cannot be replaced."""
    return [place for place in IN_BRACES.findall(pattern) if place not in PLACES]


def describe_ticked(search: Question, by: User) -> list[ManagedAccount]:
    """Add the selected clusters to their accounts or, raising ClustersRefused, none.

    Return the accounts that were edited, by name.
    """
    try:
        with transaction.atomic():
            ticked = search.clusters.filter(ticked=True, added=False)
            saved = describe(ticked.select_related("account"), search, by)
            ticked.update(added=True, ticked=False)
    except IntegrityError as error:
        raise ClustersRefused([MEANWHILE]) from error
    except Outside as error:
        raise ClustersRefused([str(error)]) from error
    return saved


def describe(
    chosen: Iterable[FoundCluster], search: Question, by: User
) -> list[ManagedAccount]:
    alike, problems = Alike.of(search), list[str]()
    written: list[WrittenAccount] = []
    for account, clusters in locked(chosen).items():
        try:
            both, wrong = with_clusters(account, clusters, alike)
        except DetailsError as error:
            wrong = [str(error)]
        else:
            columns = columns_of_row(account)
            written.append(WrittenAccount(columns, both.providers, len(written)))
        problems += [f"{account.name}: {sentence}" for sentence in wrong]
    problems += doubles(one.managed for one in written)
    if problems:
        raise ClustersRefused(problems)
    compared = compare(written, lock=True)
    if compared.problems:
        raise ClustersRefused(
            f"{written[problem.line].managed.name}: {problem.message}"
            for problem in compared.problems
        )
    return sorted(save(compared, by), key=lambda account: account.name)


def locked(
    chosen: Iterable[FoundCluster],
) -> dict[ManagedAccount, list[FoundCluster]]:
    """Group the clusters by their accounts, which nobody else edits meanwhile."""
    by_key: dict[UUID, list[FoundCluster]] = {}
    for cluster in chosen:
        by_key.setdefault(cluster.account_id, []).append(cluster)
    rows = ManagedAccount.objects.select_for_update(no_key=True).order_by("id")
    return {
        row: by_key[row.pk]
        for keys in in_slices(sorted(by_key))
        for row in rows.filter(pk__in=keys).prefetch_related("providers")
    }


def with_clusters(
    account: ManagedAccount, found: Iterable[FoundCluster], alike: Alike
) -> tuple[Managed, list[str]]:
    """Return the account with these clusters next to those that it has, and what is
    wrong with the others; raise DetailsError where the account itself cannot be read.
    """
    managed, wrong = managed_of(account), []
    known, added = described_clusters(managed), list[Cluster]()
    for one in found:
        try:
            cluster = alike.cluster(one)
        except DetailsError as error:
            wrong.append(refusal(error, one))
        else:
            added += [cluster] * ((one.region, one.name) not in known)
    if wrong or not added:
        return managed, wrong
    held = {provider.key: provider for provider in providers_of(managed)}
    eks = held.get(Eks.key)
    before = eks.clusters if isinstance(eks, Eks) else ()
    both = Eks((*before, *added))
    both.suit(managed)
    held[Eks.key] = both
    providers = tuple(held[key] for key in PROVIDERS if key in held)
    return replace(managed, providers=providers), []


def refusal(error: DetailsError, found: FoundCluster) -> str:
    if error.field != "account_name":
        return str(error)
    return f"Cluster {found.name} in {found.region} needs another name. {error}"


def doubles(accounts: Iterable[Managed]) -> Iterator[str]:
    """Say which names in Spinnaker several of them would have."""
    owners: dict[str, list[str]] = {}
    for managed in accounts:
        for name, times in Counter(map(any_case, spinnaker_names(managed))).items():
            owners.setdefault(name, []).extend([managed.name] * times)
    for name, owned in sorted(owners.items()):
        if len(owned) > 1:
            of = " and ".join(dict.fromkeys(owned))
            yield (
                f"{len(owned)} accounts in Spinnaker would be called “{name}”, of {of}."
            )
