"""What the rows of the list of accounts say besides what the accounts themselves do."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from accounts.external_ids import why_not_rotate
from accounts.lists.accounts import failed_checks, kinds_of_failed
from accounts.models import ManagedAccount


class AccountRow(NamedTuple):
    account: ManagedAccount
    failed_checks: int | None
    """Of its last verification; None where nothing was checked."""
    facts: str
    """What decides which actions fit it, for static/js/select.js."""


def rows_of(accounts: Collection[ManagedAccount]) -> list[AccountRow]:
    """Add to each account what is known of its runs, with three queries for all."""
    checks = failed_checks(accounts)
    failed = kinds_of_failed(accounts)
    return [
        AccountRow(
            one, checks.get(one.pk), " ".join(facts_of(one, failed=one.pk in failed))
        )
        for one in accounts
    ]


def facts_of(account: ManagedAccount, *, failed: bool) -> list[str]:
    facts = {
        "granted": account.granted_at,
        "in-aws": account.granted_at or account.applied,
        "rotates": account.former_external_id or not why_not_rotate(account),
        "failed": failed,
    }
    return [fact for fact, holds in facts.items() if holds]
