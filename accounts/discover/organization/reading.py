"""Reading the organization: a task reads a slice of it, keeps it, and the next
one continues.
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
from django.utils import timezone

from accounts.discover.organization.watching import draft_new
from accounts.discover.questions import SEE_LOG
from accounts.mapping.managing import managing_of
from accounts.models import ManagingAccount, Member, MemberTag, Organization, Unit
from accounts.models.account import storable
from accounts.models.lease import LeaseLost
from accounts.models.organization import BETWEEN, ROOT
from accounts.notifications.notifying import notify_of_new_accounts
from accounts.work.queue import holding, wake
from onboarding import names
from onboarding.aws import organization
from onboarding.aws.client import AccountClient, together
from onboarding.aws.errors import AwsError
from onboarding.aws.organization import MemberAccount, organization_id
from onboarding.aws.organization import Unit as FoundUnit
from onboarding.aws.session import Sessions
from onboarding.topology import Managing

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LONGEST = 200
WRITTEN = (
    "name",
    "email",
    "called",
    "state",
    "joined_at",
    "unit",
    "unit_since",
    "drafted_at",
    "seen_in",
    "gone_at",
)


def keep_units(
    row: Organization, parent_id: str, found: Iterable[FoundUnit]
) -> list[Unit]:
    parent = row.units.filter(unit_id=parent_id).first() if parent_id else None
    above = (f"{parent.path}{BETWEEN}", parent.lineage) if parent else ("", "/")
    return [
        row.units.update_or_create(
            unit_id=unit.unit_id,
            defaults={
                "path": above[0] + storable(unit.name, LONGEST),
                "lineage": f"{above[1]}{unit.unit_id}/",
                "seen_in": row.reading,
            },
        )[0]
        for unit in found
    ]


def keep_members(
    row: Organization, parent: str | None, found: Iterable[MemberAccount]
) -> None:
    """Write a page of accounts.

    A parent of None says that nothing is known of the unit: it stays what it was.
    """
    accounts = {account.account_id: account for account in found}
    unit = row.units.filter(unit_id=parent).first() if parent else None
    known = {
        member.account_id: member
        for member in row.members.filter(account_id__in=accounts)
    }
    added: list[Member] = []
    changed: list[Member] = []
    now = timezone.now()
    for account_id, account in accounts.items():
        member = known.get(account_id) or Member(
            organization=row, account_id=account_id, unit_since=now
        )
        moved = parent is not None and member.unit_id != (unit and unit.pk)
        if member.gone_at:
            member.drafted_at = None
        if member.gone_at or moved:
            member.unit_since = now
        if parent is not None:
            member.unit = unit
        member.name = storable(account.name, LONGEST)
        member.called = names.account_name_from(account.name)
        member.email = storable(account.email, LONGEST)
        member.state = storable(account.state, 40)
        member.joined_at = account.joined_at
        member.seen_in, member.gone_at = row.reading, None
        (changed if member.pk else added).append(member)
    Member.objects.bulk_create(added)
    Member.objects.bulk_update(changed, WRITTEN)


logger = logging.getLogger(__name__)

SLICE = 15.0
"""Seconds that one task reads: runs wait in the same queue."""

AT_ONCE = 20
"""Accounts that are asked about one by one, before anything is written."""

MOST_KEYS = 200
"""The most keys of tags that a filter proposes."""

MOST_FAILURES = 5
"""How often in a row AWS may be too busy, with a pause in between."""


def kept_organization(
    managing: ManagingAccount | Managing | None,
) -> Organization | None:
    """Find what was read from this managing account; nothing without one."""
    if managing is None:
        return None
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
    kept = kept_organization(row)
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
            hint=SEE_LOG,
        )


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
        elif page["token"] and organization.is_outdated_token(error):
            row.write(to_read=[{**page, "token": ""}, *others])
        elif organization.is_gone(error):
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


def answered(page: dict[str, str], client: AccountClient) -> organization.Page[Any]:
    parent, token = page["parent"], page["token"]
    match page["what"]:
        case "roots":
            return organization.roots(client, token)
        case "units":
            return organization.units_below(client, parent, token)
        case "accounts":
            return organization.accounts_in(client, parent, token)
        case _:
            return organization.accounts_anywhere(client, token)


def read_unseen(row: Organization, client: AccountClient, unseen: list[Member]) -> None:
    """Ask about accounts that no page had: one may have moved between two pages."""
    ask = (partial(organization.member, client, member.account_id) for member in unseen)
    answers = dict(zip(unseen, together(ask), strict=True))
    with transaction.atomic():
        gone = [member.pk for member, found in answers.items() if found is None]
        Member.objects.filter(pk__in=gone).update(gone_at=Now())
        keep_members(row, None, [found for found in answers.values() if found])
        row.write(failures=0)


def read_tags(row: Organization, client: AccountClient, some: list[Member]) -> None:
    ask = (partial(organization.tags_of, client, member.account_id) for member in some)
    answers = dict(zip(some, together(ask), strict=True))
    with transaction.atomic():
        MemberTag.objects.filter(member__in=some).delete()
        MemberTag.objects.bulk_create(
            MemberTag(member=member, key=key, value=storable(value, 256))
            for member, tags in answers.items()
            for key, value in {storable(k, 128): v for k, v in tags.items()}.items()
        )
        some_rows = Member.objects.filter(pk__in=[member.pk for member in some])
        some_rows.update(tags_in=row.reading)
        row.write(failures=0)


def finish(row: Organization) -> None:
    """Forget units that no longer exist, and say that all was read."""
    tags = MemberTag.objects.filter(member__organization=row).order_by("key")
    keys = tags.values_list("key", flat=True).distinct()[:MOST_KEYS]
    with transaction.atomic():
        if not row.units_refused:
            row.units.exclude(seen_in=row.reading).delete()
        row.write(read_at=Now(), finished_at=Now(), failures=0, tag_keys=list(keys))
        notify_of_new_accounts(row)


def pause(row: Organization, why: str) -> None:
    """Leave it to the sweep to continue."""
    logger.warning("%s is read on later: %s", row, why)
    row.write(failures=F("failures") + 1)


def end(row: Organization, **why: str) -> None:
    with transaction.atomic():
        row.write(finished_at=Now(), **why)
        notify_of_new_accounts(row)
