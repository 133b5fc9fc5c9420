"""What people must know of an account before they approve, except the changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from accounts.models import Run
from accounts.wording import counted
from onboarding.desired.policy_sets import PolicySet, policy_sets_after
from onboarding.resources.plan import Plan


class NotRecommendedAmong(NamedTuple):
    """A discouraged choice, and which of many accounts it was made for."""

    titles: str
    sentence: str
    accounts: str


def not_recommended_among(
    plan: Plan, total: int, name: str
) -> list[NotRecommendedAmong]:
    """Say of plans that are the same what is discouraged, and that it is so in all of
    them; the name is that of the account where there is one only.
    """
    whom = f"all {total:,}" if total > 1 else name
    return [NotRecommendedAmong(*choice, whom) for choice in plan.not_recommended]


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
    since = f"policy version {oldest}"
    if max(older) != oldest:
        since += " or a later one"
    return Brought(
        newer,
        (
            f"These plans update {counted(len(older))} from {since} to version "
            f"{newer[-1].number}:"
        ),
    )


def brings(run: Run) -> str:
    """Say from which policy set to which a plan brings its account; empty: none."""
    account = run.account
    if account is None or run.kind != Run.Kind.ONBOARD:
        return ""
    newer = account.newer_policies
    return (
        f"This plan updates {account.name} from policy version {account.policy_set} "
        f"to version {newer[-1].number}:"
        if newer
        else ""
    )
