"""What an accounts file would change: each of its accounts new, changed or the same.

The rows are read at once, however many the file names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.mapping.edits import differences
from accounts.mapping.managed import described, managed_columns, provider_of
from accounts.mapping.spinnaker_names import NameTaken, spinnaker_names
from accounts.models import EnabledProvider, ManagedAccount, SpinnakerName
from onboarding.accounts_file.managed import WrittenAccount
from onboarding.accounts_file.reader import Problem
from onboarding.details import DetailsError
from onboarding.providers.base import Provider, providers_of

NEW, CHANGED, SAME = "new", "changed", "same"


@dataclass(frozen=True, slots=True)
class Compared:
    """An account of the file, next to the row of its name."""

    written: WrittenAccount
    row: ManagedAccount | None
    changed: dict[str, list[Any]]
    """What differs, before and after."""

    @property
    def what(self) -> str:
        if self.row is None:
            return NEW
        return CHANGED if self.changed else SAME


@dataclass(frozen=True, slots=True)
class Comparison:
    accounts: tuple[Compared, ...]
    problems: tuple[Problem, ...]
    left_alone: int
    """How many accounts Bowline has that the file does not name."""

    def those(self, what: str) -> list[Compared]:
        return [one for one in self.accounts if one.what == what]

    def summary(self, *, managing_differs: bool = False) -> str:
        """Say what the file would change, in one line."""
        counts = {what: len(self.those(what)) for what in (NEW, CHANGED, SAME)}
        if counts[NEW] or counts[CHANGED] or managing_differs:
            said = ", ".join(f"{count:,} {what}" for what, count in counts.items())
            said = f"{said}.{' The managing account differs.' * managing_differs}"
        else:
            said = "Nothing differs from what is described."
        if self.left_alone:
            said = f"{said} Not in the file and left alone: {self.left_alone:,}."
        return said


def compare(written: Iterable[WrittenAccount], *, lock: bool = False) -> Comparison:
    """Compare the accounts with the rows; `lock` them to save afterwards."""
    written = list(written)
    rows = rows_by_name(lock=lock)
    accounts = tuple(
        Compared(one, row, differences(described(row), description(one, row)))
        for one in written
        for row in [rows.get(one.managed.name)]
    )
    named = {one.managed.name for one in written}
    return Comparison(
        accounts=accounts,
        problems=tuple(problems_of(accounts, rows)),
        left_alone=sum(name not in named for name in rows),
    )


def rows_by_name(*, lock: bool) -> dict[str, ManagedAccount]:
    rows = ManagedAccount.objects.prefetch_related("providers")
    # Nothing here needs them, and they are most of a row.
    rows = rows.defer("proved", "applied", "approved_entries")
    if lock:
        rows = rows.select_for_update().order_by("id")
    return {row.name: row for row in rows}


def description(written: WrittenAccount, row: ManagedAccount | None) -> dict[str, Any]:
    """Say what `described` will say once the account is written."""
    held = held_providers(row)
    return {
        **managed_columns(written.managed),
        "uses_external_id": written.uses_external_id,
        **{
            provider.key: held[provider.key].details
            if is_same(held.get(provider.key), provider)
            else provider.details
            for provider in providers_of(written.managed)
        },
    }


def held_providers(row: ManagedAccount | None) -> dict[str, EnabledProvider]:
    return {one.key: one for one in row.providers.all()} if row else {}


def is_same(held: EnabledProvider | None, provider: Provider) -> bool:
    """Return whether no choice differs: what was looked up stays then."""
    if held is None:
        return False
    try:
        return provider_of(held).choices() == provider.choices()
    except DetailsError:
        return False


def problems_of(
    accounts: Iterable[Compared], rows: Mapping[str, ManagedAccount]
) -> Iterable[Problem]:
    """Find what clashes with the accounts that Bowline has."""
    by_id = {row.account_id: row for row in rows.values()}
    taken = owners(accounts)
    for one in accounts:
        managed, row = one.written.managed, one.row
        other = by_id.get(managed.account_id)
        if other and other.name != managed.name:
            sentence = f"This AWS account is already in Bowline, as “{other.name}”."
            yield Problem(one.written.line, sentence)
        elif row and row.granted_at and row.account_id != managed.account_id:
            yield Problem(one.written.line, SAME_ACCOUNT)
        for name in spinnaker_names(managed):
            owner = taken.get(name)
            if owner and (row is None or owner != row.pk):
                clash = NameTaken(name, ManagedAccount.objects.get(pk=owner))
                yield Problem(one.written.line, str(clash))


SAME_ACCOUNT = (
    "You cannot change the account id while Bowline's roles exist in the account. "
    "Remove the account from AWS first."
)


def owners(accounts: Iterable[Compared]) -> dict[str, UUID]:
    """Say whose each name in Spinnaker is, without those that the file gives up."""
    wanted = {
        one.row.pk: set(spinnaker_names(one.written.managed))
        for one in accounts
        if one.row
    }
    held = SpinnakerName.objects.values_list("name", "account_id")
    return {
        name: owner
        for name, owner in held
        if owner not in wanted or name in wanted[owner]
    }
