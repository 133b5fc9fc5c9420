"""What a decision touches: its reach.

An account is in the environment that it was last approved in, and in the one that it is
described in: until a move is approved, what asks for more of them decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.models import Delivery, ManagedAccount, ManagingAccount, Run
from accounts.models.managed import both_environments
from accounts.slices import in_slices
from onboarding.desired.assume_list import names_list

MANAGING = "the managing account"
"""How sentences call it, which all environments share."""

Pair = tuple[str, str]
"""An account's name, and an environment that it is in."""


@dataclass(frozen=True, slots=True)
class DecisionReach:
    accounts: frozenset[Pair] = frozenset()
    managing: bool = False
    """Whether the managing account changes in more than an account's own line of what
    Spinnaker's identity may assume."""
    shared: str = ""
    """What else is touched that all environments share."""
    second: str = ""
    """Where a second person was asked for when it was planned; empty: nowhere."""

    @property
    def environments(self) -> frozenset[str]:
        return frozenset(environment for _, environment in self.accounts)

    @property
    def all_share(self) -> str:
        """Name what all environments share, and only a role without a limit is for."""
        return MANAGING if self.managing else self.shared


def pairs_of(keys: Iterable[UUID], *, locks: bool = False) -> Iterator[Pair]:
    """Yield each account with each environment that it is in. `locks`: none of them
    moves until the transaction ends. Lock runs first, as workers do.
    """
    for some in in_slices(sorted(set(keys))):
        rows = ManagedAccount.objects.filter(pk__in=some).order_by("pk")
        rows = rows.select_for_update(no_key=True) if locks else rows
        yield from each_environment(
            rows.values_list("name", "environment", "approved_environment")
        )


def each_environment(rows: Iterable[tuple[str, str, str | None]]) -> Iterator[Pair]:
    for name, described, approved in rows:
        for environment in both_environments(described, approved):
            yield name, environment


def reach_of_account(account: ManagedAccount, *, locks: bool = False) -> DecisionReach:
    """Return what an acceptance touches, as it was planned."""
    planned = account.runs.filter(kind=Run.Kind.ONBOARD).values_list("reach", flat=True)
    return DecisionReach(
        frozenset(pairs_of([account.pk], locks=locks)),
        second=(planned.first() or {}).get("second", ""),
    )


def reach_of_run(run: Run, *, locks: bool = False) -> DecisionReach:
    """Return what a plan touches: what it was found to touch when it was planned, and
    what its account is in now.
    """
    kept: dict[str, Any] = run.reach
    pairs: set[Pair] = set()
    if locks and run.account_id:
        pairs.update(pairs_of([run.account_id], locks=True))
    elif run.account:
        pairs |= {(run.account.name, one) for one in run.account.environments}
    pairs |= {(run.account_name, one) for one in kept.get("environments", ())}
    return DecisionReach(
        accounts=frozenset(pairs),
        managing=kept["managing"] if kept else touches_managing(run),
        second=kept.get("second", ""),
    )


def touches_managing(run: Run) -> bool:
    """Say so of a plan that was made before this was kept: to be sure, by whatever it
    changes in that account.
    """
    if run.kind == Run.Kind.MANAGING:
        return True
    if run.alone or run.kind == Run.Kind.VERIFY:
        return False
    managing = ManagingAccount.objects.values_list("account_id", flat=True)
    steps = run.steps.filter(account_id__in=managing).values_list("kind", "name")
    return any(not names_list(kind, name) for kind, name in steps)


def kept(reach: DecisionReach, second: str, managing_first: bool) -> dict[str, Any]:
    """Write it as a plan keeps it; `managing_first`: the managing account has changes
    of its own, whose plan comes before this one.
    """
    return {
        "managing_first": managing_first,
        "managing": reach.managing,
        "environments": sorted(reach.environments),
        "second": second,
    }


def reach_of_delivery(delivery: Delivery) -> DecisionReach:
    pairs = frozenset((f"{delivery}", one) for one in delivery.environments)
    return DecisionReach(accounts=pairs, shared="a delivery", second=delivery.second)
