"""Accounts of Bowline that left the organization, or that AWS suspended or closes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from accounts.models import ManagedAccount, ManagingAccount, Member
from accounts.models.managed import ManagedAccountQuerySet
from accounts.models.organization import MemberQuerySet


def inactive_members() -> MemberQuerySet:
    """Keep what the managing account's organization has no more, or not active."""
    own = ManagingAccount.objects.values("account_id")
    return Member.objects.inactive().filter(organization__account_id__in=own)


def inactive_accounts() -> ManagedAccountQuerySet:
    return ManagedAccount.objects.filter(
        account_id__in=inactive_members().values("account_id")
    )


def inactive_of(accounts: Iterable[ManagedAccount]) -> dict[str, Member]:
    """Find the members that explain these accounts, by account ID."""
    ids = [account.account_id for account in accounts]
    rows = inactive_members().filter(account_id__in=ids)
    return {member.account_id: member for member in rows}


def explained(
    error: Mapping[str, Any], account: ManagedAccount | None
) -> dict[str, Any]:
    """Return what ended a run with what the organization says of its account first:
    AWS refuses to enter a suspended account as it refuses anything else.
    """
    member = account and inactive_of([account]).get(account.account_id)
    if not member:
        return dict(error)
    what = "" if member.gone_at else "is "
    says = f"Account {member.account_id} {what}{member.word}, as AWS Organizations says"
    return {**error, "hint": f"{says}: this might be the cause. {error['hint']}"}
