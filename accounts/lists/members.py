"""The organization's accounts that the filters in the URL ask for."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone

from accounts.lists.filters import Filters, filtered
from accounts.models import ManagedAccount, Member, MemberTag, Organization, Unit
from accounts.models.organization.members import MemberQuerySet

COLUMNS = {
    "name": "In the organization",
    "account_id": "Account ID",
    "unit__path": "Organizational unit",
    "joined_at": "Joined",
}
INACTIVE = {"suspended": "SUSPENDED", "closing": "PENDING_CLOSURE"}
JOINED = {"7": "last 7 days", "30": "last 30 days", "365": "last year"}


def by_text(text: str) -> Q:
    found = ManagedAccount.objects.filter(name__icontains=text)
    words = (
        Q(name__icontains=text)
        | Q(email__icontains=text)
        | Q(called__icontains=text)
        | Q(account_id__in=found.values("account_id"))
    )
    digits = text.replace("-", "")
    return words | Q(account_id__contains=digits) if digits.isdigit() else words


def by_known(known: str) -> Q:
    described = Q(account_id__in=ManagedAccount.objects.values("account_id"))
    return described if known == "yes" else ~described


def by_state(state: str) -> Q:
    if state == "active":
        return Q(state=Member.ACTIVE, gone_at=None)
    if state == "left":
        return Q(gone_at__isnull=False)
    return Q(state=INACTIVE.get(state), gone_at=None)


def by_unit(unit_id: str) -> Q:
    """Find what is in the unit, and in the units below it."""
    units = Unit.objects.filter(lineage__contains=f"/{unit_id}/")
    return Q(unit__in=units)


def by_joined(days: str) -> Q:
    if days not in JOINED:
        return Q(pk__in=[])
    return Q(joined_at__gte=timezone.now() - timedelta(days=int(days)))


def by_tag(text: str) -> Q:
    """Find a tag by its key, or by its key and value."""
    key, equals, value = text.partition("=")
    tags = MemberTag.objects.filter(key=key.strip())
    if equals:
        tags = tags.filter(value=value.strip())
    return Q(pk__in=tags.values("member"))


FILTERS: Filters = {
    "text": by_text,
    "known": by_known,
    "state": by_state,
    "unit": by_unit,
    "joined": by_joined,
    "tag": by_tag,
}


def matching_members(organization: Organization, asked: QueryDict) -> MemberQuerySet:
    """Keep what the filters in the URL ask for."""
    rows = Member.objects.filter(organization=organization)
    return filtered(rows, FILTERS, asked)


def sort_of(asked: QueryDict) -> str:
    sort = asked.get("sort", "")
    return sort if sort.removeprefix("-") in COLUMNS else "name"
