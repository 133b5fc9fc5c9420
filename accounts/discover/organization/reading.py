"""Reading the organization: a task reads a slice of it, and the next one continues.

Each answer of AWS is written together with what is left to read, under the lease: a
worker that is killed loses one call, and two never read at once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.discover.organization.keeping import keep_members, keep_units
from accounts.discover.organization.watching import draft_new
from accounts.mapping.managing import managing_of
from accounts.models import ManagingAccount, Member, MemberTag, Organization
from accounts.models.lease import LeaseLost
from accounts.models.organization.reading import ROOT
from accounts.models.readable import storable
from accounts.notifications.notifying import notify_of_new_accounts
from accounts.work.leases import holding
from accounts.work.queue import wake
from onboarding.aws.client import AccountClient, together
from onboarding.aws.errors import AwsError
from onboarding.aws.organization import pages
from onboarding.aws.organization.members import organization_id
from onboarding.aws.session import Sessions
from onboarding.topology import Managing

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)

SLICE = 15.0
"""Seconds that one task reads: runs wait in the same queue."""

AT_ONCE = 20
"""Accounts that are asked about one by one, before anything is written."""

MOST_KEYS = 200
"""The most keys of tags that a filter proposes."""

MOST_FAILURES = 5
"""How often in a row AWS may be too busy, with a pause in between."""


def kept_organization(managing: Managing) -> Organization | None:
    """Find what was read from this managing account."""
    rows = Organization.objects.select_related("asked_by")
    return rows.filter(
        partition=managing.partition, account_id=managing.account_id
    ).first()


def begin_reading(
    managing: Managing, by: User | None, *, tags: bool | None = None
) -> bool:
    """Let a worker read the organization; False where one is reading it already.

    `tags` says whether tags are read, too, from now on; None leaves that as it was.
    """
    with transaction.atomic():
        row, _ = Organization.objects.get_or_create(
            partition=managing.partition, account_id=managing.account_id
        )
        rows = Organization.objects.filter(pk=row.pk)
        if not rows.begin(by):
            return False
        if tags is not None:
            rows.update(reads_tags=tags)
        transaction.on_commit(partial(wake, row))
    return True


def begin_again() -> None:
    """Read the organization again, if somebody asked for it once."""
    row = ManagingAccount.objects.first()
    kept = kept_organization(managing_of(row)) if row else None
    if row and kept and kept.read_at:
        begin_reading(managing_of(row), None)


def read_on(row: Organization) -> bool:
    """Read a slice; return whether the next one can follow at once."""
    return holding(row, read_slice) and row.is_reading and not row.failures


def read_slice(row: Organization) -> None:
    until = time.monotonic() + SLICE
    try:
        client = client_of(row)
        while row.is_reading and time.monotonic() < until:
            read_one(row, client)
    except AwsError as error:
        if error.retryable and row.failures < MOST_FAILURES:
            pause(row, str(error))
        else:
            end(row, message=error.message, hint=error.hint)
    except SoftTimeLimitExceeded:
        pause(row, "AWS didn't respond in time.")
    except ManagingAccount.DoesNotExist:
        end(row, message="The managing account changed.")
    except LeaseLost:
        raise
    except Exception:
        logger.exception("The organization could not be read.")
        end(
            row,
            message=(
                "Bowline encountered an internal error while reading the organization."
            ),
            hint=LOG,
        )


LOG = "See the worker's log."


def client_of(row: Organization) -> AccountClient:
    managing = managing_of(ManagingAccount.objects.get(account_id=row.account_id))
    who = row.asked_by.get_username() if row.asked_by else "schedule"
    sessions = Sessions(run=f"web-{who}", partition=managing.partition)
    if not row.organization_id:
        found = organization_id(sessions, managing.reach) or ""
        row.write(organization_id=found)
    return AccountClient.of(sessions, managing.reach)


def read_one(row: Organization, client: AccountClient) -> None:
    """Make the next call, or the next few that belong together, and keep the answer."""
    if row.to_read:
        return read_page(row, client)
    if unseen := list(row.members.unseen(row.reading)[:AT_ONCE]):
        return read_unseen(row, client, unseen)
    if row.reads_tags:
        untagged = row.members.active().exclude(tags_in=row.reading)
        if some := list(untagged[:AT_ONCE]):
            return read_tags(row, client, some)
    if draft_new(row):
        return row.write(failures=0)
    return finish(row)


def read_page(row: Organization, client: AccountClient) -> None:
    """Read one page of units or accounts, and put what follows of it in front."""
    page, *others = row.to_read
    try:
        found = answered(page, client)
    except AwsError as error:
        if error.denied and page["what"] != ANYWHERE:
            refused = {"units_refused": f"{error.message} {error.hint}"}
            row.write(to_read=[listing(ANYWHERE)], **refused)
        elif page["token"] and pages.is_outdated_token(error):
            row.write(to_read=[{**page, "token": ""}, *others])
        elif pages.is_gone(error):
            row.write(to_read=others)
        else:
            raise
        return
    follows = [{**page, "token": found.token}] if found.token else []
    with transaction.atomic():
        if page["what"] in UNITS:
            units = keep_units(row, page["parent"], found.found)
            below = [listing(w, unit.unit_id) for unit in units for w in BELOW]
            row.write(to_read=[*follows, *below, *others], failures=0)
        else:
            keep_members(row, page["parent"] or None, found.found)
            row.write(to_read=[*follows, *others], failures=0)


ROOTS, UNITS_BELOW, ACCOUNTS, ANYWHERE = ROOT["what"], "units", "accounts", "anywhere"
UNITS = (ROOTS, UNITS_BELOW)
BELOW = (ACCOUNTS, UNITS_BELOW)
"""What is listed of each unit: what it holds itself, then what is below it."""


def listing(what: str, parent: str = "") -> dict[str, str]:
    return {"what": what, "parent": parent, "token": ""}


def answered(page: dict[str, str], client: AccountClient) -> pages.Page[Any]:
    parent, token = page["parent"], page["token"]
    match page["what"]:
        case "roots":
            return pages.roots(client, token)
        case "units":
            return pages.units_below(client, parent, token)
        case "accounts":
            return pages.accounts_in(client, parent, token)
        case _:
            return pages.accounts_anywhere(client, token)


def read_unseen(row: Organization, client: AccountClient, unseen: list[Member]) -> None:
    """Ask about accounts that no page had: one may have moved between two pages."""
    ask = (partial(pages.member, client, member.account_id) for member in unseen)
    answers = dict(zip(unseen, together(ask), strict=True))
    with transaction.atomic():
        gone = [member.pk for member, found in answers.items() if found is None]
        Member.objects.filter(pk__in=gone).update(gone_at=Now())
        keep_members(row, None, [found for found in answers.values() if found])
        row.write(failures=0)


def read_tags(row: Organization, client: AccountClient, some: list[Member]) -> None:
    ask = (partial(pages.tags_of, client, member.account_id) for member in some)
    answers = dict(zip(some, together(ask), strict=True))
    with transaction.atomic():
        MemberTag.objects.filter(member__in=some).delete()
        MemberTag.objects.bulk_create(
            MemberTag(member=member, key=key, value=storable(value, 256))
            for member, tags in answers.items()
            for key, value in unique(tags.items())
        )
        some_rows = Member.objects.filter(pk__in=[member.pk for member in some])
        some_rows.update(tags_in=row.reading)
        row.write(failures=0)


def unique(tags: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return {storable(key, 128): value for key, value in tags}.items()


def finish(row: Organization) -> None:
    """Forget units that no longer exist, and say that all was read."""
    with transaction.atomic():
        if not row.units_refused:
            row.units.exclude(seen_in=row.reading).delete()
        row.write(
            read_at=Now(),
            finished_at=Now(),
            failures=0,
            tag_keys=tag_keys(row),
        )
        notify_of_new_accounts(row)


def tag_keys(row: Organization) -> list[str]:
    tags = MemberTag.objects.filter(member__organization=row).order_by("key")
    return list(tags.values_list("key", flat=True).distinct()[:MOST_KEYS])


def pause(row: Organization, why: str) -> None:
    """Leave it to the sweep to continue."""
    logger.warning("%s is read on later: %s", row, why)
    row.write(failures=F("failures") + 1)


def end(row: Organization, **why: str) -> None:
    with transaction.atomic():
        row.write(finished_at=Now(), **why)
        notify_of_new_accounts(row)
