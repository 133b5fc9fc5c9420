"""What people must know of an account before they approve, beside what changes."""

from __future__ import annotations

from typing import NamedTuple

from accounts.models import ManagedAccount, Run
from accounts.topologies import cannot_be_read, managed_of


class Discouraged(NamedTuple):
    """A choice that is there for those who must, and the providers it was made for."""

    titles: str
    sentence: str


def discouraged(account: ManagedAccount) -> tuple[Discouraged, ...]:
    """List what is discouraged among the choices that can be read."""
    titles: dict[str, list[str]] = {}
    for provider in managed_of(account, without=cannot_be_read).providers:
        for sentence in provider.warnings():
            titles.setdefault(sentence, []).append(provider.title)
    return tuple(
        Discouraged(" and ".join(chosen_for), sentence)
        for sentence, chosen_for in titles.items()
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
