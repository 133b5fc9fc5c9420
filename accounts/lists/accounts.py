"""Accounts: the list with its filters, all of them as files, and what a row says."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware

from accounts.discover.organization.watching import watched_drafts
from accounts.discover.questions import question
from accounts.lists.declaration import NOTHING, Filter, Listing, lines_of_file
from accounts.mapping.accounts_file.comparison import Export
from accounts.models import (
    CheckResult,
    EnabledProvider,
    FoundRoles,
    ManagedAccount,
    Question,
    Run,
    SpinnakerName,
    Upload,
)
from accounts.models.managed import ManagedAccountQuerySet
from accounts.models.states import (
    FAILURES,
    GROUPS,
    TOGETHER,
    WORDS,
    State,
    verification_is_stale,
    with_word,
    words_of,
)
from accounts.packed import packed
from accounts.runs.inactive import inactive_members
from accounts.slices import in_slices, read_in_slices
from onboarding.providers import PROVIDERS

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_IN_ROLLOUT = 10_000
"""The most accounts of one rollout, whose runs are made with few queries."""

MOST_IN_A_REQUEST = 500
"""The most accounts that a request writes to a file: they take it 150 ms."""

ACCOUNTS_FILE = "accounts-file"
"""The file that can be sent again, next to that of the list."""

NO_ENVIRONMENT = "-"
"""What the URL says for accounts without an environment."""

OLDER, INACTIVE, NEW, STALE = "older", "inactive", "new", "stale"
EVERYONE, FAILED = "everybody", "failed"
"""What the URL says for accounts that the overview leads to."""

FAILED_CHECKS = (CheckResult.Outcome.FAILED, CheckResult.Outcome.CANNOT_DEPLOY)
"""The outcomes of checks that somebody must fix."""


def digits(text: str) -> str:
    """Write an account ID as AWS does: people copy 1234-5678-9012, too."""
    return re.sub(r"(?<=[0-9])[- ](?=[0-9])", "", text)


def by_text(text: str) -> Q:
    return Q(name__icontains=text) | Q(account_id__contains=digits(text))


def by_any_name(text: str) -> Q:
    """Find accounts by their account IDs, and all names: also those in Spinnaker."""
    named = SpinnakerName.objects.filter(name__icontains=text).values("account")
    # PostgreSQL uses an index for each of the two, but none for one or the other.
    found = ManagedAccount.objects.filter(by_text(text)).order_by().values("pk")
    return Q(pk__in=found.union(named))


def by_environment(name: str) -> Q:
    return Q(environment="" if name == NO_ENVIRONMENT else name)


def has_no_groups() -> Q:
    return Q(read_roles=[], write_roles=[])


def by_policies(_: str) -> Q:
    return Q(pk__in=ManagedAccount.objects.on_older_policies().values("pk"))


def by_membership(which: str) -> Q:
    if which == NEW:
        return Q(pk__in=watched_drafts().values("pk"))
    return Q(account_id__in=inactive_members().values("account_id"))


def by_moment(text: str) -> Q:
    """Find what was described together, which has one moment of its making."""
    try:
        moment = parse_datetime(text)
    except ValueError:  # no such day
        moment = None
    return Q(created_at=moment) if moment and is_aware(moment) else NOTHING


def by_file(text: str) -> Q:
    """Find what was saved from an uploaded file."""
    if not is_uuid(text):
        return NOTHING
    upload = Upload.objects.unexpired().filter(pk=text).only("saved").first()
    return Q(pk__in=[pk for pk in upload.saved if is_uuid(pk)] if upload else [])


def by_failed_checks(_: str) -> Q:
    failed = CheckResult.objects.filter(
        run=OuterRef("checked"), outcome__in=FAILED_CHECKS
    )
    rows = ManagedAccount.objects.annotate(checked=checked_run())
    return Q(pk__in=rows.filter(Exists(failed)).values("pk"))


def environments() -> QuerySet[ManagedAccount, str]:
    """Name those that any account is in."""
    named = ManagedAccount.objects.exclude(environment="").order_by("environment")
    return named.values_list("environment", flat=True).distinct()


class ListedAccount(NamedTuple):
    account: ManagedAccount
    providers: list[str]


def exported_accounts(
    asked: QueryDict, _: User | None = None
) -> Iterator[ListedAccount]:
    """Read the accounts that the filters in the URL ask for, in their order."""
    found = ACCOUNTS.ordered(matching_accounts(asked), asked)
    for accounts in read_in_slices(found, ManagedAccount.objects.only(*READ)):
        keys = provider_keys([one.pk for one in accounts])
        yield from (ListedAccount(one, keys.get(one.pk, [])) for one in accounts)


READ = (
    *("name", "account_id", "environment", "regions", "verified_at", "policy_set"),
    *("created_at", "created_by_name"),
    *("state", "verification", "unknown_writes", "undeployable", "unapproved"),
)
"""The columns of the table: what they say, and what the word of a state depends on."""


def provider_keys(accounts: Collection[UUID]) -> dict[UUID, list[str]]:
    rows = EnabledProvider.objects.filter(account__in=accounts).order_by("id")
    keys: dict[UUID, list[str]] = {}
    for account, key in rows.values_list("account_id", "key"):
        keys.setdefault(account, []).append(key)
    return keys


ACCOUNTS = Listing(
    "accounts",
    title="Accounts",
    sorts={
        "name": "Account",
        "state": "State",
        "account_id": "Account ID",
        "environment": "Environment",
        "verified_at": "Verified",
    },
    then=("name",),
    filters=(
        Filter(
            "text",
            by_any_name,
            "Name or account ID",
            help="Part of a name, also of one in Spinnaker, or of the account ID",
        ),
        Filter(
            "state",
            with_word,
            "State",
            [(word, words_of(word)) for word in (*WORDS, *TOGETHER)],
            words="AccountStateFilter",
            offered=GROUPS,
            often=True,
        ),
        Filter(
            "environment",
            by_environment,
            "Environment",
            help="“-”: accounts without one",
            often=True,
        ),
        Filter(
            "provider",
            lambda key: Q(providers__key=key),
            "Provider",
            [(key, provider.title) for key, provider in PROVIDERS.items()],
            words="ProviderKey",
            often=True,
        ),
        Filter(
            "checks",
            by_failed_checks,
            "Checks",
            [(FAILED, "With failed checks")],
            "failed: someone must fix a failed check",
        ),
        Filter(
            "verification",
            lambda _: verification_is_stale(),
            "Verification",
            [(STALE, "Stale verification")],
            "stale: it is too old",
        ),
        Filter(
            "policies",
            by_policies,
            "Policy version",
            [(OLDER, "Older policy version")],
            "older: a plan would bring newer ones",
        ),
        Filter(
            "write",
            lambda _: has_no_groups(),
            "Write access",
            [(EVERYONE, "Everyone in Spinnaker")],
            "`everybody`: no group is named, so everyone can deploy",
        ),
        Filter(
            "existing",
            lambda which: Q(found_roles__taken=which, adopts=True),
            "Existing roles",
            FoundRoles.Taken.choices,
            "The next step of taking over its existing roles",
            words="ExistingRolesFilter",
        ),
        Filter(
            "organization",
            by_membership,
            "Organization",
            [(INACTIVE, "Left or suspended"), (NEW, "New in a watched unit")],
            "inactive: left or suspended; new: in a watched unit",
            words="MembershipFilter",
            unasked="Any organization membership",
        ),
        Filter("added", by_moment, help="The moment that created_at says"),
        Filter("file", by_file, help="The id of an upload"),
    ),
    columns={
        "name": lambda row: row.account.name,
        "account_id": lambda row: row.account.account_id,
        "environment": lambda row: row.account.environment,
        "state": lambda row: row.account.word,
        "providers": lambda row: row.providers,
        "regions": lambda row: row.account.regions,
        "verified_at": lambda row: row.account.verified_at,
        "policy_set": lambda row: row.account.policy_set,
        "created_at": lambda row: row.account.created_at,
        "created_by": lambda row: row.account.created_by_name,
    },
    exported=exported_accounts,
)


def matching_accounts(asked: QueryDict) -> ManagedAccountQuerySet:
    """Find what the filters in the URL ask for."""
    return ACCOUNTS.matching(
        ManagedAccount.objects.prefetch_related("providers"), asked
    )


def are_few(accounts: int) -> bool:
    return accounts <= MOST_IN_A_REQUEST


def lines_of(name: str, form: str, asked: QueryDict | None = None) -> Iterator[str]:
    """Write the list, or the accounts file, as it is read."""
    if name == ACCOUNTS_FILE:
        return Export().file_lines(csv=form == "csv")
    return lines_of_file(
        form, ACCOUNTS.columns, exported_accounts(asked or QueryDict())
    )


@question("packed-export", is_own=True)
def written_list(asked: Question) -> Any:
    """Write it for one person."""
    said = asked.input
    return packed(lines_of(said["name"], said["form"], QueryDict(said.get("query"))))


def is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def failed_checks(accounts: Collection[ManagedAccount]) -> dict[UUID, int]:
    """Count the failed checks of each account whose page shows any; a failed account
    without one failed elsewhere, so its count says nothing.
    """
    ids = [one.pk for one in accounts]
    rows = ManagedAccount.objects.filter(pk__in=ids).annotate(checked=checked_run())
    # In a WHERE, PostgreSQL would find each of them a second time.
    checked = {pk: run for pk, run in rows.values_list("pk", "checked") if run}
    failed = CheckResult.objects.filter(
        run__in=checked.values(), outcome__in=FAILED_CHECKS
    )
    by_run = failed.order_by().values_list("run").annotate(Count("pk"))
    counts: dict[UUID, int] = dict(by_run)
    failing = {one.pk for one in accounts if one.state == State.FAILED}
    found = ((pk, counts.get(run, 0)) for pk, run in checked.items())
    return {pk: count for pk, count in found if count or pk not in failing}


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
