"""What people must know of an account before they approve, except the changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from accounts.mapping.managed import cannot_be_read, managed_of
from accounts.models import ManagedAccount, Run
from onboarding.providers.base import discouraged
from onboarding.resources.plan import Discouraged


class DiscouragedAmong(NamedTuple):
    """A discouraged choice, and which of many accounts it was made for."""

    titles: str
    sentence: str
    accounts: str


MOST_NAMED = 5
"""The most accounts that are named; the rest are counted."""


def discouraged_among(accounts: Iterable[ManagedAccount]) -> list[DiscouragedAmong]:
    """List what is discouraged among the choices of many accounts, each once."""
    accounts = list(accounts)
    names: dict[Discouraged, list[str]] = {}
    for account in accounts:
        for choice in discouraged(managed_of(account, without=cannot_be_read)):
            names.setdefault(choice, []).append(account.name)
    return [
        DiscouragedAmong(*choice, account_names(of, among=len(accounts)))
        for choice, of in names.items()
    ]


def account_names(names: list[str], *, among: int) -> str:
    if len(names) == among > 1:
        return f"all {among}"
    more = len(names) - MOST_NAMED
    first = ", ".join(names[:MOST_NAMED])
    return f"{first} and {more} more" if more > 0 else first


class Brought(NamedTuple):
    oldest: ManagedAccount
    """The one to which the most is new."""
    sentence: str


def brought(accounts: Iterable[ManagedAccount]) -> Brought | None:
    """Say what newer policies plans bring to many accounts; None: none."""
    older = [account for account in accounts if account.newer_policies]
    if not older:
        return None
    oldest = min(older, key=lambda account: account.policy_set)
    since = f"policy set v{oldest.policy_set}"
    if any(account.policy_set != oldest.policy_set for account in older):
        since += " or a later one"
    whom = "1 account" if len(older) == 1 else f"{len(older)} accounts"
    latest = oldest.newer_policies[-1].number
    return Brought(oldest, f"These plans bring {whom} from {since} to v{latest}:")


def brings(run: Run) -> str:
    """Say from which policy set to which a plan brings its account; empty: none."""
    account = run.account
    if account is None or run.kind != Run.Kind.ONBOARD:
        return ""
    newer = account.newer_policies
    return (
        f"This plan brings {account.name} from policy set v{account.policy_set} to "
        f"v{newer[-1].number}:"
        if newer
        else ""
    )
