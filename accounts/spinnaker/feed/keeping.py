"""Keep the feed's rows: they say of each account what the next bundle would hold.

Nobody reports a change. Whoever needs the feed compares first, in the database, and
writes what differs. So what is late to be committed is found late, and its moment is
that of the row, not of the change: the plugin asks only for what is newer than what it
has, and would miss a row that appears with an older moment.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import FedAccount, FeedRow
from accounts.models.feed.rows import content_of, to_feed, to_suspend
from accounts.people.activity import wait_for_turn
from accounts.slices import in_slices
from onboarding.account_feed import RULES, Carried, Unfit, carried_of, next_moment
from onboarding.spinnaker.entry_documents import are_documents, entry_of

LOCK = 0x42_6F_77_6C_46_65_65_64
"""“BowlFeed” as a number: any number that nothing else in the database locks."""
AT_ONCE = 500
"""Rows in one INSERT."""
log = logging.getLogger(__name__)


def is_current() -> bool:
    """Return whether the feed says what the next bundle would hold."""
    stale = (to_feed(), FedAccount.objects.left(), to_suspend())
    return not any(rows.exists() for rows in stale)


def keep_current() -> None:
    """Write what differs. The lock is held until that is committed, so rows appear in
    the order of their moments.
    """
    if is_current():
        return
    with transaction.atomic():
        wait_for_turn(LOCK)
        FedAccount.objects.left().delete()
        said = feed(list(differing_accounts()))
        leaving = list(to_suspend().order_by("name"))
        for row in leaving:
            row.suspended = True
        # What comes first, so that a beginning of an answer never has an account
        # under neither of two names.
        write([*said, *leaving])


def differing_accounts() -> Iterator[tuple[FedAccount, Carried | None]]:
    """Yield each account that differs, and what is to be said of it."""
    stale = to_feed().order_by("created_at", "pk")
    columns = stale.values_list("pk", "name", "entries_digest", "verified__entries")
    for pk, name, digest, documents in columns.iterator():
        if not are_documents(documents):
            log.warning("The feed keeps %s: its new entries can't be read.", name)
            continue
        found = carried_of(map(entry_of, documents))
        fed = FedAccount(account_id=pk, made_of=digest, rules=RULES)
        if isinstance(found, Unfit):
            fed.unfit = found.name
            yield fed, None
        else:
            fed.name = found.name
            yield fed, found


def feed(compared: list[tuple[FedAccount, Carried | None]]) -> list[FeedRow]:
    """Keep what was made of these accounts, and return the rows that it changes."""
    made = [fed for fed, _ in compared]
    # All of them first: a name may go from one to another.
    for some in in_slices(made, AT_ONCE):
        FedAccount.objects.filter(pk__in=[fed.pk for fed in some]).delete()
    taken = names_among(fed.name for fed in made)
    said: dict[str, Carried] = {}
    for fed, account in compared:
        if account is None:
            continue
        if account.name in taken:
            fed.name, fed.unfit = "", Unfit.NAME.name
        else:
            taken.add(account.name)
            said[account.name] = account
    FedAccount.objects.bulk_create(made, batch_size=AT_ONCE)
    before = FeedRow.objects.in_bulk(list(said))
    rows = [FeedRow(name=name, content=content_of(said[name])) for name in sorted(said)]
    return [row for row in rows if is_new(row, before.get(row.name))]


def names_among(names: Iterable[str]) -> set[str]:
    """Return those of these names that accounts in the feed have."""
    taken: set[str] = set()
    for some in in_slices([name for name in names if name], AT_ONCE):
        fed = FedAccount.objects.filter(name__in=some)
        taken |= {*fed.values_list("name", flat=True)}
    return taken


def is_new(row: FeedRow, before: FeedRow | None) -> bool:
    return before is None or before.suspended or before.content != row.content


def write(rows: list[FeedRow]) -> None:
    """Give each row a moment of its own, in this order, and keep it."""
    newest = newest_moment()
    for row in rows:
        newest = row.updated_at = next_moment(timezone.now(), newest)
    FeedRow.objects.bulk_create(
        rows,
        batch_size=AT_ONCE,
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["content", "updated_at", "suspended"],
    )


def newest_moment() -> datetime | None:
    newest: datetime | None = FeedRow.objects.aggregate(newest=Max("updated_at"))[
        "newest"
    ]
    return newest
