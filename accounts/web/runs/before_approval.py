"""What people must know of an account before they approve, except the changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from accounts.mapping.managed import cannot_be_read, managed_of
from accounts.models import ManagedAccount, Run
from accounts.wording import counted
from onboarding.desired.policy_sets import PolicySet, policy_sets_after
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
    newer_policies: tuple[PolicySet, ...]
    """What is new to the account to which the most is new."""
    sentence: str


def brought(policy_sets: Iterable[int]) -> Brought | None:
    """Say what newer policies plans bring to the accounts that have these, 0 for none
    yet; None: nothing.
    """
    older = [number for number in policy_sets if number and policy_sets_after(number)]
    if not older:
        return None
    oldest = min(older)
    newer = policy_sets_after(oldest)
    since = f"policy set v{oldest}"
    if max(older) != oldest:
        since += " or a later one"
    return Brought(
        newer,
        f"These plans bring {counted(len(older))} from {since} to v{newer[-1].number}:",
    )


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
