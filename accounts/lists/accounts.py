"""Accounts that the filters in the URL ask for."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware

from accounts.discover.organization.watching import watched_drafts
from accounts.lists.filters import Filters, filtered
from accounts.models import CheckResult, ManagedAccount, Run, Upload
from accounts.models.managed import ManagedAccountQuerySet
from accounts.models.standing import verification_is_stale, with_word
from accounts.models.states import FAILURES
from accounts.runs.inactive import inactive_members
from accounts.slices import in_slices

MOST_IN_ROLLOUT = 10_000
"""The most accounts of one rollout, whose runs are made with few queries."""

COLUMNS = {
    "name": "Account",
    "state": "State",
    "account_id": "Account ID",
    "environment": "Environment",
    "verified_at": "Verified",
}

NO_ENVIRONMENT = "-"
"""What the URL says for accounts without an environment."""

OLDER = "older"
"""What the URL says for accounts that a plan would bring newer policies."""

INACTIVE = "inactive"
"""What the URL says for accounts that left the organization, or that AWS suspended."""

NEW = "new"
"""What the URL says for drafts of accounts that were new in a watched unit."""

STALE = "stale"
"""What the URL says for accounts whose proof is too old."""


EVERYONE = "everybody"
"""What the URL says for accounts that everybody in Spinnaker may deploy to."""

FAILED = "failed"
"""What the URL says for accounts with failed checks."""


FAILED_CHECKS = (CheckResult.Outcome.FAILED, CheckResult.Outcome.CANNOT_DEPLOY)
"""The outcomes of checks that somebody must fix."""


def by_text(text: str) -> Q:
    return Q(name__icontains=text) | Q(account_id__contains=text.replace("-", ""))


def by_environment(name: str) -> Q:
    return Q(environment="" if name == NO_ENVIRONMENT else name)


def by_verification(which: str) -> Q:
    return verification_is_stale() if which == STALE else Q(pk__in=[])


def by_checks(which: str) -> Q:
    return with_failed_checks() if which == FAILED else Q(pk__in=[])


def by_policies(which: str) -> Q:
    older = ManagedAccount.objects.on_older_policies()
    return Q(pk__in=older.values("pk") if which == OLDER else [])


def by_taken(which: str) -> Q:
    return Q(found_roles__taken=which, adopts=True)


def by_writers(which: str) -> Q:
    return Q(write_roles=[]) if which == EVERYONE else Q(pk__in=[])


def by_membership(which: str) -> Q:
    if which == NEW:
        return Q(pk__in=watched_drafts().values("pk"))
    inactive = inactive_members().values("account_id")
    return Q(account_id__in=inactive) if which == INACTIVE else Q(pk__in=[])


def by_moment(text: str) -> Q:
    """Find what was described together, which has one moment of its making."""
    try:
        moment = parse_datetime(text)
    except ValueError:  # no such day
        moment = None
    return Q(created_at=moment) if moment and is_aware(moment) else Q(pk__in=[])


def by_file(text: str) -> Q:
    """Find what was saved from an uploaded file."""
    if not is_uuid(text):
        return Q(pk__in=[])
    upload = Upload.objects.unexpired().filter(pk=text).only("saved").first()
    return Q(pk__in=[pk for pk in upload.saved if is_uuid(pk)] if upload else [])


FILTERS: Filters = {
    "text": by_text,
    "state": with_word,
    "provider": lambda key: Q(providers__key=key),
    "environment": by_environment,
    "checks": by_checks,
    "verification": by_verification,
    "policies": by_policies,
    "write": by_writers,
    "existing": by_taken,
    "organization": by_membership,
    "added": by_moment,
    "file": by_file,
}


def matching_accounts(asked: QueryDict) -> ManagedAccountQuerySet:
    """Find what the filters in the URL ask for."""
    rows = ManagedAccount.objects.prefetch_related("providers")
    return filtered(rows, FILTERS, asked)


def sort_of(asked: QueryDict) -> str:
    sort = asked.get("sort", "")
    return sort if sort.removeprefix("-") in COLUMNS else "name"


def is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def failed_checks(accounts: Collection[ManagedAccount]) -> dict[UUID, int]:
    """Count the failed checks of each account whose page shows any."""
    ids = [one.pk for one in accounts]
    rows = ManagedAccount.objects.annotate(checked=checked_run()).filter(
        pk__in=ids, checked__isnull=False
    )
    checked = dict(rows.values_list("pk", "checked"))
    failed = CheckResult.objects.filter(
        run__in=checked.values(), outcome__in=FAILED_CHECKS
    )
    by_run = failed.order_by().values_list("run").annotate(Count("pk"))
    counts: dict[UUID, int] = dict(by_run)
    return {pk: counts.get(run, 0) for pk, run in checked.items()}


def with_failed_checks() -> Q:
    failed = CheckResult.objects.filter(
        run=OuterRef("checked"), outcome__in=FAILED_CHECKS
    )
    rows = ManagedAccount.objects.annotate(checked=checked_run())
    return Q(pk__in=rows.filter(Exists(failed)).values("pk"))


def checked_run() -> Subquery:
    """Name the run whose checks an account's page shows: the newest that has any."""
    checks = CheckResult.objects.filter(run=OuterRef("pk"))
    runs = Run.objects.filter(Exists(checks), account=OuterRef("pk"))
    return Subquery(runs.order_by("-created_at").values("pk")[:1])


def kinds_of_failed(accounts: Collection[ManagedAccount]) -> dict[UUID, str]:
    """Return the kind of each account's newest run, where that failed."""
    newest = Run.objects.filter(account=OuterRef("pk")).order_by("-created_at")
    last = ManagedAccount.objects.annotate(
        last_kind=Subquery(newest.values("kind")[:1]),
        last_status=Subquery(newest.values("status")[:1]),
    ).filter(last_status__in=FAILURES)
    kinds: dict[UUID, str] = {}
    for keys in in_slices([account.pk for account in accounts]):
        found = last.filter(pk__in=keys)
        kinds.update(found.values_list("pk", "last_kind"))
    return kinds
