"""Writing what Organizations answered of units and accounts; twice changes nothing."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from accounts.models import Member, Organization, Unit
from accounts.models.organization.members import BETWEEN
from accounts.models.readable import storable
from onboarding import names
from onboarding.aws.organization.members import MemberAccount
from onboarding.aws.organization.pages import Unit as FoundUnit

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
