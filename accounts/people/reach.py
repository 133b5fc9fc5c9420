"""What a decision touches: its reach.

An account is in the environment that it was last approved in, and in the one that it is
described in: until a move is approved, what asks for more of them decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from uuid import UUID

from accounts.models import (
    AccountEnvironment,
    Delivery,
    ManagedAccount,
    ManagingAccount,
    Run,
)
from accounts.models.managed import both_environments
from accounts.slices import in_slices
from onboarding.desired.assume_list import names_list

MANAGING = "the managing account"
"""How sentences call it, which all environments share."""

Pair = tuple[str, str]
"""An account's name, and an environment that it is in."""

Losses: TypeAlias = Mapping[str, Sequence[str]]
"""The environments of each account that Spinnaker loses, by its ID; of one that isn't
in Bowline, none."""


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
    unknown: frozenset[str] = frozenset()
    """The IDs of AWS accounts that Spinnaker loses and that aren't in Bowline. Nobody
    knows their environment, so it is the strictest that there is."""

    @property
    def environments(self) -> frozenset[str]:
        return frozenset(environment for _, environment in self.accounts)

    @property
    def for_all(self) -> str:
        """Say why only a role without a limit is for it; empty: others are, too."""
        if self.managing or self.shared:
            return (
                f"All environments share {MANAGING if self.managing else self.shared}."
            )
        if self.unknown:
            return f"The environment of {unknown_in_words(self.unknown)} is unknown."
        return ""


def unknown_in_words(account_ids: Collection[str]) -> str:
    if len(account_ids) == 1 and (one := min(account_ids)).isdigit():
        return f"an account that isn't in Bowline ({one})"
    numbered = all(one.isdigit() for one in account_ids)
    count = f"{len(account_ids):,} " if numbered else ""
    return f"{count}accounts that aren't in Bowline"


def pairs_of(keys: Iterable[UUID], *, locks: bool = False) -> Iterator[Pair]:
    """Yield each account with each environment that it is in. `locks`: none of them
    moves until the transaction ends. Lock runs first, as workers do.
    """
    return each_environment(row for _, *row in in_bowline(keys, locks=locks))


def in_bowline(
    keys: Iterable[UUID], *, locks: bool = False
) -> Iterator[tuple[str, str, str, str | None]]:
    """Yield of each account its ID, its name, and what says its environments."""
    fields = ("account_id", "name", "environment", "approved_environment")
    for some in in_slices(sorted(set(keys))):
        rows = ManagedAccount.objects.filter(pk__in=some).order_by("pk")
        rows = rows.select_for_update(no_key=True) if locks else rows
        yield from rows.values_list(*fields)


def keys_of_ids(account_ids: Iterable[str]) -> set[UUID]:
    """Find the accounts with these IDs that are in Bowline."""
    rows = ManagedAccount.objects.order_by()
    return {
        key
        for some in in_slices(sorted({*account_ids}))
        for key in rows.filter(account_id__in=some).values_list("pk", flat=True)
    }


def approved_in(account_ids: Iterable[str]) -> dict[str, str]:
    """Find the environments in which these AWS accounts were last approved, whether
    they are in Bowline or not.
    """
    return {
        one.account_id: one.environment
        for some in in_slices(sorted({*account_ids}))
        for one in AccountEnvironment.objects.filter(account_id__in=some)
    }


def each_environment(rows: Iterable[Sequence[Any]]) -> Iterator[Pair]:
    for name, described, approved in rows:
        for environment in both_environments(described, approved):
            yield name, environment


def around(account: ManagedAccount, *, locks: bool = False) -> DecisionReach:
    """Return what is touched by whatever is done with the account itself."""
    pairs = frozenset(pairs_of([account.pk], locks=locks))
    return DecisionReach(pairs, managing=is_in_managing(account))


def for_people(*_: object, locks: bool = False) -> DecisionReach:
    """Return what is touched by what is about people and settings: no environment."""
    return DecisionReach()


def the_managing_account(*, locks: bool = False) -> DecisionReach:
    return DecisionReach(managing=True)


def around_its_account(run: Run, *, locks: bool = False) -> DecisionReach:
    if run.kind == Run.Kind.MANAGING:
        return the_managing_account()
    return around(run.account, locks=locks) if run.account else DecisionReach()


def reach_of_account(account: ManagedAccount, *, locks: bool = False) -> DecisionReach:
    """Return what an acceptance touches, as it was planned."""
    planned = account.runs.filter(kind=Run.Kind.ONBOARD).values_list("reach", flat=True)
    second = (planned.first() or {}).get("second", "")
    return replace(around(account, locks=locks), second=second)


def reach_of_run(run: Run, *, locks: bool = False) -> DecisionReach:
    """Return what a plan touches: what it was found to touch when it was planned, and
    what its account, and each account that Spinnaker loses by it, is in now.
    """
    stored: dict[str, Any] = run.reach
    lost: Losses = stored.get("lost", {})
    own = {run.account_id} if locks and run.account_id else set()
    rows = [*in_bowline(keys_of_ids(lost) | own, locks=locks)]
    pairs = {*each_environment(row for _, *row in rows)}
    if not locks and run.account:
        pairs |= {(run.account.name, one) for one in run.account.environments}
    pairs |= {(run.account_name, one) for one in stored.get("environments", ())}
    named = {account_id: name for account_id, name, *_ in rows}
    approved = approved_in(lost)
    pairs |= {(named.get(key, key), one) for key, one in approved.items()}
    pairs |= {(named.get(key, key), one) for key in lost for one in lost[key]}
    return DecisionReach(
        accounts=frozenset(pairs),
        managing=is_in_managing(run.account)
        or (stored["managing"] if stored else touches_managing(run)),
        second=stored.get("second", ""),
        unknown=frozenset(lost.keys() - named.keys() - approved.keys()),
    )


def is_in_managing(account: ManagedAccount | None) -> bool:
    """Return whether its roles are made where Spinnaker's identity is: all environments
    share that AWS account, whatever the description says.
    """
    if account is None:
        return False
    return ManagingAccount.objects.filter(account_id=account.account_id).exists()


def any_in_managing(keys: Iterable[UUID]) -> bool:
    managing = ManagingAccount.objects.values_list("account_id", flat=True)
    found = ManagedAccount.objects.filter(account_id__in=list(managing)).order_by()
    return not {*found.values_list("pk", flat=True)}.isdisjoint(keys)


def losses_of(account_ids: Iterable[str]) -> Losses:
    """Find the environments that these accounts are in now."""
    found: dict[str, list[str]] = {key: [] for key in sorted({*account_ids})}
    for account_id, environment in approved_in(found).items():
        found[account_id] = [environment]
    for account_id, *row in in_bowline(keys_of_ids(found)):
        found[account_id] = [one for _, one in each_environment([row])]
    return found


def touches_managing(run: Run) -> bool:
    """Say so of a plan that was made before this was stored: to be sure, by whatever it
    changes in that account.
    """
    if run.kind == Run.Kind.MANAGING:
        return True
    if run.alone or run.kind == Run.Kind.VERIFY:
        return False
    managing = ManagingAccount.objects.values_list("account_id", flat=True)
    steps = run.steps.filter(account_id__in=managing).values_list("kind", "name")
    return any(not names_list(kind, name) for kind, name in steps)


def as_stored(
    reach: DecisionReach, second: str, managing_first: bool
) -> dict[str, Any]:
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
