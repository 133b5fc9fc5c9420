"""EKS clusters of many accounts: searched by a task, and described with their
accounts.
"""

from __future__ import annotations

import logging
import re
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from pydantic import BaseModel

from accounts.discover.questions import (
    GOES_ON,
    KEPT,
    SEE_LOG,
    question,
    sessions_of,
)
from accounts.mapping.accounts_file import MEANWHILE
from accounts.mapping.accounts_file.comparison import compare
from accounts.mapping.accounts_file.saving import save
from accounts.mapping.managed import cannot_be_read, columns_of_row, managed_of
from accounts.mapping.managing import managing_row
from accounts.models import FoundCluster, ManagedAccount, Question, SearchedAccount
from accounts.models.account import storable
from accounts.people.deciding import Outside, refuse
from accounts.people.reach import around_all
from accounts.people.roles import OPERATOR
from accounts.slices import AT_ONCE, in_slices
from onboarding.accounts_file.managed import WrittenAccount
from onboarding.aws import discover
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.details import DetailsError
from onboarding.names import any_case
from onboarding.providers import PROVIDERS
from onboarding.providers.base import providers_of, spinnaker_names
from onboarding.providers.eks import Cluster, Eks
from onboarding.topology import Managed

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)

SLICE = 15.0
"""Seconds in which one task begins to read accounts: runs wait in the same queue."""

THREADS = 8
"""Accounts that one task reads at the same time."""

BATCH = 4 * THREADS
"""Accounts that are read before anything is written."""

USUAL: dict[str, Any] = {
    "pattern": "{account}-{cluster}",
    "rights": "edit",
    "namespaces": ["default"],
    "access": "entry",
}
"""What a search proposes that all chosen clusters get."""

NO_REGIONS = "No Region is chosen for this account yet."
CHOOSE_REGIONS = "Complete its steps first."
NO_TIME = "AWS didn't respond in time."
FAILED = "Bowline encountered an internal error while calling AWS."


class FoundClusters(NamedTuple):
    clusters: tuple[discover.FoundCluster, ...] = ()
    message: str = ""
    hint: str = ""


def running_of(by: User) -> Question | None:
    """Return the person's search that is in progress: one at a time."""
    return found_clusters.read(by).filter(asked_by=by, answered_at=None).first()


def begin_search(accounts: Collection[ManagedAccount], by: User) -> Question:
    """Let a worker search these accounts. Raise Outside where the role is not for the
    environment of each.
    """
    refuse(around_all(account.pk for account in accounts), None, by, OPERATOR)
    with transaction.atomic():
        search = found_clusters.begin(by, **USUAL, partition=managing_row().partition)
        SearchedAccount.objects.bulk_create(
            [SearchedAccount(search=search, account=account) for account in accounts],
            batch_size=AT_ONCE,
        )
    return search


@question("clusters", role=OPERATOR, lasts=KEPT)
def found_clusters(search: Question) -> Any:
    """Search a slice of the accounts."""
    until = time.monotonic() + SLICE
    sessions = sessions_of(search)
    while time.monotonic() < until:
        unread = search.accounts.filter(read_at=None).select_related("account")
        some = list(unread.prefetch_related("account__providers")[:BATCH])
        if not some:
            return True
        search.extend_lease()
        try:
            found = read(sessions, [one.account for one in some])
        except SoftTimeLimitExceeded:
            found = [FoundClusters(message=NO_TIME, hint="Search again.")] * len(some)
        store_clusters(search, zip(some, found, strict=True))
    return GOES_ON


def read(sessions: Sessions, accounts: Iterable[ManagedAccount]) -> list[FoundClusters]:
    """Read the accounts side by side: no thread touches the database."""
    described = [managed_of(row, without=cannot_be_read) for row in accounts]
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        return list(pool.map(partial(read_one, sessions), described))


def read_one(sessions: Sessions, managed: Managed) -> FoundClusters:
    """Find an account's clusters, or say why not; raises nothing."""
    if not managed.regions:
        return FoundClusters(message=NO_REGIONS, hint=CHOOSE_REGIONS)
    try:
        return FoundClusters(discover.eks_clusters(sessions, managed))
    except AwsError as error:
        return FoundClusters(message=error.message, hint=error.hint)
    except Exception:
        logger.exception("The clusters of %s could not be read.", managed.name)
        return FoundClusters(message=FAILED, hint=SEE_LOG)


def store_clusters(
    search: Question, found: Iterable[tuple[SearchedAccount, FoundClusters]]
) -> None:
    """Write what was found; raise LeaseLost where another worker took over."""
    clusters: list[FoundCluster] = []
    with transaction.atomic():
        search.extend_lease()
        for one, said in found:
            clusters += rows_of(one, said.clusters)
            message = storable(said.message, 2000)
            SearchedAccount.objects.filter(pk=one.pk).update(
                message=message, hint=said.hint, read_at=Now()
            )
        FoundCluster.objects.bulk_create(clusters, batch_size=AT_ONCE)


def rows_of(
    one: SearchedAccount, clusters: Iterable[discover.FoundCluster]
) -> Iterator[FoundCluster]:
    described = described_clusters(managed_of(one.account, without=cannot_be_read))
    for cluster in clusters:
        yield FoundCluster(
            search_id=one.search_id,
            account=one.account,
            name=cluster.name,
            region=cluster.region,
            endpoint=endpoint_of(cluster),
            mode=storable(cluster.mode, 40),
            added=(cluster.region, cluster.name) in described,
        )


def endpoint_of(cluster: discover.FoundCluster) -> FoundCluster.Endpoint:
    if cluster.is_open:
        return FoundCluster.Endpoint.PUBLIC
    if cluster.is_public:
        return FoundCluster.Endpoint.RESTRICTED
    return FoundCluster.Endpoint.PRIVATE


def described_clusters(managed: Managed) -> set[tuple[str, str]]:
    """Return the region and the name of each cluster that the account has already."""
    return {
        (cluster.region, cluster.name)
        for provider in managed.providers
        if isinstance(provider, Eks)
        for cluster in provider.clusters
    }


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
