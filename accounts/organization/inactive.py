"""Accounts of Bowline that left the organization, or that AWS suspended or closes."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import ManagedAccount, ManagingAccount, Member
from accounts.models.managed import ManagedAccountQuerySet
from accounts.models.organization.members import MemberQuerySet


def inactive_members() -> MemberQuerySet:
    """Keep what the managing account's organization has no more, or not active."""
    own = ManagingAccount.objects.values("account_id")
    return Member.objects.inactive().filter(organization__account_id__in=own)


def inactive_accounts() -> ManagedAccountQuerySet:
    return ManagedAccount.objects.filter(
        account_id__in=inactive_members().values("account_id")
    )


def inactive_of(accounts: Iterable[ManagedAccount]) -> dict[str, Member]:
    """Find the members that explain these accounts, by account id."""
    ids = [account.account_id for account in accounts]
    rows = inactive_members().filter(account_id__in=ids)
    return {member.account_id: member for member in rows}
