"""Searching many accounts for EKS clusters: a task reads a slice of them, and the next
one continues.

Each account is written as a whole, under the lease: a worker that is killed loses the
accounts that it was reading, and two never search at once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models.functions import Now

from accounts.discover.questions import (
    GOES_ON,
    KEPT,
    SEE_LOG,
    question,
    sessions_of,
)
from accounts.mapping.managed import cannot_be_read, managed_of
from accounts.mapping.managing import managing_row
from accounts.models import FoundCluster, ManagedAccount, Question, SearchedAccount
from accounts.models.account import storable
from accounts.people.deciding import refuse
from accounts.people.reach import around_all
from accounts.people.roles import OPERATOR
from accounts.slices import AT_ONCE
from onboarding.aws import discover
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.providers.eks import Eks
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
