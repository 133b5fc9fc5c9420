"""What a decision touches: its reach.

An account is in the environments that its AWS account was approved in, looked up by its
ID, and in the one that it is described in: until a move is carried out, what asks for
more of them decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from uuid import UUID

from accounts.models import Delivery, ManagedAccount, ManagingAccount, Run
from accounts.models.people import approved_in
from accounts.slices import in_slices

MANAGING = "the managing account"
"""How sentences call it, which all environments share."""

Pair = tuple[str, str]
"""An account's name, and an environment that it is in."""

InBowline: TypeAlias = tuple[UUID, str, str, frozenset[str]]
"""An account's key, its ID, its name, and its environments."""

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


def in_bowline(keys: Iterable[UUID], *, locks: bool = False) -> Iterator[InBowline]:
    """Read these accounts. `locks`: none of them moves until the transaction ends. Lock
    runs first, as workers do. Environments are read once the rows are locked.
    """
    fields = ("pk", "account_id", "name", "environment")
    for some in in_slices(sorted(set(keys))):
        rows = ManagedAccount.objects.filter(pk__in=some).order_by("pk")
        rows = rows.select_for_update(no_key=True) if locks else rows
        found = list(rows.values_list(*fields))
        approved = approved_in(account_id for _, account_id, *_ in found)
        for key, account_id, name, described in found:
            before = approved.get(account_id, frozenset())
            yield key, account_id, name, before | {described}


def keys_of_ids(account_ids: Iterable[str]) -> set[UUID]:
    """Find the accounts with these IDs that are in Bowline."""
    rows = ManagedAccount.objects.order_by()
    return {
        key
        for some in in_slices(sorted({*account_ids}))
        for key in rows.filter(account_id__in=some).values_list("pk", flat=True)
    }


def around(account: ManagedAccount, *, locks: bool = False) -> DecisionReach:
    """Return what is touched by whatever is done with the account itself."""
    return around_each([account.pk], locks=locks).get(account.pk, DecisionReach())


def around_each(
    keys: Iterable[UUID], *, locks: bool = False
) -> dict[UUID, DecisionReach]:
    """Return it of each of these accounts."""
    managing = managing_ids()
    return {
        key: DecisionReach(
            frozenset((name, one) for one in where), managing=account_id in managing
        )
        for key, account_id, name, where in in_bowline(keys, locks=locks)
    }


def around_all(keys: Iterable[UUID], *, locks: bool = False) -> DecisionReach:
    """Return it of these accounts together."""
    found = around_each(keys, locks=locks).values()
    pairs = frozenset(pair for one in found for pair in one.accounts)
    return DecisionReach(pairs, managing=any(one.managing for one in found))


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
    return reach_of_runs([run], locks=locks)[run.pk]


def reach_of_runs(
    runs: Collection[Run], *, locks: bool = False
) -> dict[UUID, DecisionReach]:
    """Return it of each of these runs, with as many queries for any number."""
    lost = {key for run in runs for key in run.reach.get("lost", ())}
    own = {run.account_id for run in runs if run.account_id}
    rows = {row[0]: row for row in in_bowline(keys_of_ids(lost) | own, locks=locks)}
    by_id = {row[1]: row for row in rows.values()}
    approved, managing = approved_in(lost), managing_ids()
    found = rows, by_id, approved, managing
    return {run.pk: planned_reach(run, *found) for run in runs}


def planned_reach(
    run: Run,
    rows: Mapping[UUID, InBowline],
    by_id: Mapping[str, InBowline],
    approved: Mapping[str, frozenset[str]],
    managing: Collection[str],
) -> DecisionReach:
    stored: dict[str, Any] = run.reach
    lost: Losses = stored.get("lost", {})
    named = {key: by_id[key][2] for key in lost if key in by_id}
    own = rows.get(run.account_id) if run.account_id else None
    found = [*([own] if own else ()), *(by_id[key] for key in named)]
    pairs = {(name, one) for _, _, name, where in found for one in where}
    pairs |= {(run.account_name, one) for one in stored.get("environments", ())}
    pairs |= {
        (named.get(key, key), one) for key in lost for one in approved.get(key, ())
    }
    pairs |= {(named.get(key, key), one) for key in lost for one in lost[key]}
    return DecisionReach(
        accounts=frozenset(pairs),
        managing=bool(own and own[1] in managing)
        or stored.get("managing", run.kind == Run.Kind.MANAGING),
        second=stored.get("second", ""),
        unknown=frozenset(lost.keys() - named.keys() - approved.keys()),
    )


def managing_ids() -> set[str]:
    """Find the AWS account where Spinnaker's identity is: all environments share it,
    whatever the description of a managed account there says.
    """
    return {*ManagingAccount.objects.values_list("account_id", flat=True)}


def losses_of(account_ids: Iterable[str]) -> Losses:
    """Find the environments that these accounts are in now."""
    keys = sorted({*account_ids})
    found = approved_in(keys)
    for _, account_id, _, environments in in_bowline(keys_of_ids(keys)):
        found[account_id] = environments
    return {key: sorted(found.get(key, ())) for key in keys}


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
