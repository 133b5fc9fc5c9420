"""An accounts file written from what is kept, and compared with one that was sent.

The rows are read at once, however many the file names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.decisions.environment_rules import Described, contradictions
from accounts.mapping.edits import differences
from accounts.mapping.managed import (
    columns_of_row,
    in_their_order,
    lacks_details,
    provider_of,
    settings_of_row,
)
from accounts.mapping.managing import managing_of
from accounts.mapping.spinnaker import NameTaken, connection_of, in_use
from accounts.models import (
    EnabledProvider,
    ManagedAccount,
    ManagingAccount,
    Spinnaker,
    SpinnakerName,
)
from accounts.models.people import approved_in
from accounts.packed import packed, unpacked
from accounts.slices import in_slices, read_in_slices
from onboarding.accounts_file.managed import WrittenAccount, spinnaker_written
from onboarding.accounts_file.reader import Problem
from onboarding.accounts_file.writing import (
    Written,
    account_written,
    csv_lines,
    managing_written,
    yaml_lines,
)
from onboarding.description.fields import FIELDS
from onboarding.description.values import Description
from onboarding.details import DetailsError
from onboarding.names import any_case
from onboarding.providers.base import Provider, providers_of, spinnaker_names

COLUMNS = [one.name for one in FIELDS]


class Export:
    """All accounts by name, written as they are read."""

    def __init__(self) -> None:
        self.excluded: list[str] = []
        """Why accounts are not in it, each with its name; whole after the last line."""

    def text(self, *, csv: bool) -> str:
        return "".join(self.file_lines(csv=csv))

    def file_lines(self, *, csv: bool) -> Iterator[str]:
        if csv:
            yield from csv_lines(self.accounts())
            return
        managing = ManagingAccount.objects.first()
        self.excluded += kept_roles(managing)
        body = packed(yaml_lines(other_parts(managing), self.accounts()))
        yield from (f"# Not in this file: {said}\n" for said in self.excluded)
        yield from unpacked(body)

    def accounts(self) -> Iterator[Written]:
        found = ManagedAccount.objects.order_by("name")
        for rows in read_in_slices(found, ManagedAccount.objects.only(*COLUMNS)):
            enabled = enabled_in([row.pk for row in rows])
            for row in rows:
                try:
                    yield exported_account(row, enabled[row.pk])
                except DetailsError as error:
                    self.excluded.append(" ".join(f"{row.name}. {error}".split()))


def kept_roles(managing: ManagingAccount | None) -> list[str]:
    """Name what only the managing account has of accounts that nobody manages here."""
    return [
        f"{one.title}. It isn't managed here, but Spinnaker can assume {one.arn}."
        for one in (managing.kept if managing else ())
    ]


def other_parts(managing: ManagingAccount | None) -> Written:
    """Return what the file says of the managing account and of Spinnaker."""
    parts: Written = {}
    if managing:
        parts["managing"] = managing_written(
            managing_of(managing), trusts_bowline=managing.trusts_bowline
        )
    if spinnaker := Spinnaker.objects.first():
        parts["spinnaker"] = spinnaker_written(connection_of(spinnaker))
    return parts


def enabled_in(accounts: Collection[UUID]) -> dict[UUID, list[EnabledProvider]]:
    """Return the providers of each account: a prefetch would take twice as long."""
    enabled: dict[UUID, list[EnabledProvider]] = {key: [] for key in accounts}
    for one in EnabledProvider.objects.filter(account__in=accounts).order_by("id"):
        enabled[one.account_id].append(one)
    return enabled


def exported_account(
    row: ManagedAccount, enabled: Collection[EnabledProvider]
) -> Written:
    """Return the account with its providers in the keys of the file; raise
    DetailsError, with why, where the reader would refuse it.
    """
    if not row.regions or not enabled or any(map(lacks_details, enabled)):
        raise DetailsError("", "Its steps aren't complete.")
    return account_written(Description(columns_of_row(row), in_their_order(enabled)))


NEW, CHANGED, SAME = "new", "changed", "same"


@dataclass(frozen=True, slots=True)
class Compared:
    """An account of the file, next to the row of its name."""

    written: WrittenAccount
    row: ManagedAccount | None
    changed: dict[str, list[Any]]
    """What differs, before and after."""
    kept: Mapping[str, Provider]
    """The row's providers of which no choice differs: what was looked up stays."""
    approved: frozenset[str]
    """In which environments the AWS account was approved, before and after."""

    @property
    def what(self) -> str:
        if self.row is None:
            return NEW
        return CHANGED if self.changed else SAME

    @property
    def decides(self) -> bool:
        """Return whether anything of it is to be kept."""
        return self.what != SAME or self.written.adopted_from is not None

    @property
    def environments(self) -> frozenset[str]:
        """Return the environments that it is in before and after."""
        described = self.written.managed.environment
        before = {self.row.environment} if self.row else set()
        return self.approved | before | {described}


@dataclass(frozen=True, slots=True)
class Comparison:
    accounts: tuple[Compared, ...]
    problems: tuple[Problem, ...]
    left_alone: int
    """How many accounts Bowline has that the file does not name."""

    def those(self, what: str) -> list[Compared]:
        return [one for one in self.accounts if one.what == what]

    def summary(
        self, *, managing_differs: bool = False, spinnaker_differs: bool = False
    ) -> str:
        """Say what the file would change, in one line."""
        counts = {what: len(self.those(what)) for what in (NEW, CHANGED, SAME)}
        differs = managing_differs or spinnaker_differs
        if counts[NEW] or counts[CHANGED] or differs:
            said = ", ".join(f"{count:,} {what}" for what, count in counts.items())
            said = f"{said}.{' The managing account differs.' * managing_differs}"
            said += " The Spinnaker connection differs." * spinnaker_differs
        else:
            said = "The file matches the current settings."
        if self.left_alone:
            said = f"{said} Not in the file and not changed: {self.left_alone:,}."
        return said


def compare(written: Iterable[WrittenAccount], *, lock: bool = False) -> Comparison:
    """Compare the accounts with the rows; `lock` them to save afterwards."""
    written = list(written)
    named = {one.managed.name for one in written} | {
        one.renamed_from for one in written
    }
    held = list(ManagedAccount.objects.values_list("name", "account_id", "pk"))
    rows = rows_by_name((pk for name, _, pk in held if name in named), lock=lock)
    ids = {one.managed.account_id for one in written}
    approved = approved_in(ids | {row.account_id for row in rows.values()})
    accounts = tuple(
        compared_account(one, row_of(one, rows), approved) for one in written
    )
    by_id = {account_id: name for name, account_id, _ in held}
    return Comparison(
        accounts=accounts,
        problems=tuple(problems_of(accounts, by_id)),
        left_alone=sum(name not in named for name, *_ in held),
    )


def rows_by_name(pks: Iterable[UUID], *, lock: bool) -> dict[str, ManagedAccount]:
    """Read the rows; whoever locks others at the same time takes the same order."""
    rows = ManagedAccount.objects.prefetch_related("providers").order_by("id")
    # Nothing here needs them, and they are most of a row.
    rows = rows.defer("verified", "applied", "approved_entries", "adopted_from")
    if lock:
        rows = rows.select_for_update(no_key=True)
    slices = in_slices(sorted(pks))
    return {row.name: row for some in slices for row in rows.filter(pk__in=some)}


def row_of(
    written: WrittenAccount, rows: Mapping[str, ManagedAccount]
) -> ManagedAccount | None:
    """Find the row of an account: by its name, or the one it had before."""
    renamed = rows.get(written.renamed_from)
    if renamed and renamed.account_id == written.managed.account_id:
        return renamed
    return rows.get(written.managed.name)


def compared_account(
    written: WrittenAccount,
    row: ManagedAccount | None,
    approved: Mapping[str, frozenset[str]],
) -> Compared:
    held = held_providers(row)
    kept = kept_providers(held, written)
    after = {
        **written.columns,
        **{
            one.key: held[one.key].details if one.key in kept else one.details
            for one in providers_of(written.managed)
        },
    }
    ids = {written.managed.account_id, *([row.account_id] if row else ())}
    return Compared(
        written,
        row,
        differences(settings_of_row(row), after),
        kept,
        frozenset().union(*(approved.get(one, ()) for one in ids)),
    )


def held_providers(row: ManagedAccount | None) -> dict[str, EnabledProvider]:
    return {one.key: one for one in row.providers.all()} if row else {}


def kept_providers(
    held: Mapping[str, EnabledProvider], written: WrittenAccount
) -> dict[str, Provider]:
    kept: dict[str, Provider] = {}
    for provider in providers_of(written.managed):
        try:
            known = provider_of(held[provider.key])
        except (KeyError, DetailsError):
            continue
        if known.choices() == provider.choices():
            kept[provider.key] = known
    return kept


def problems_of(
    accounts: Iterable[Compared], by_id: Mapping[str, str]
) -> Iterable[Problem]:
    """Find what clashes with the accounts that Bowline has, named by their ids."""
    taken = owners(accounts)
    called = {any_case(name): account_id for account_id, name in by_id.items()}
    written = {described(one): one.written.line for one in accounts}
    for account, why in contradictions(written):
        yield Problem(written[account], why)
    found: set[UUID] = set()
    for one in accounts:
        managed, row = one.written.managed, one.row
        if row and row.pk in found:
            yield Problem(one.written.line, TWICE.format(row.name))
        found |= {row.pk} if row else set()
        holder = called.get(any_case(managed.name), managed.account_id)
        if row and row.name != managed.name and holder != managed.account_id:
            yield Problem(one.written.line, NAME_IN_USE.format(managed.name))
        other = by_id.get(managed.account_id)
        if other and other != (row.name if row else managed.name):
            sentence = f"This AWS account is already in Bowline, as “{other}”."
            yield Problem(one.written.line, sentence)
        elif row and row.granted_at and (fixed := FIXED.keys() & one.changed):
            first = next(name for name in FIXED if name in fixed)
            yield Problem(one.written.line, FIXED[first])
        for name in spinnaker_names(managed):
            owner = taken.get(any_case(name))
            if owner and (row is None or owner != row.pk):
                clash = NameTaken(name, ManagedAccount.objects.get(pk=owner))
                yield Problem(one.written.line, str(clash))


TWICE = "Two accounts of the file are “{}” of Bowline: one by its name before."
NAME_IN_USE = "Another account in Bowline has the name “{}”. Choose another name."

FIXED = {
    "account_id": (
        "You can't change the account ID while Bowline's roles exist in the account. "
        "Remove the account from AWS first."
    ),
    "made_by": (
        "You can't change who creates the roles (made_by) while they exist in the "
        "account. Remove the account from AWS first."
    ),
    "managed_role": (
        "You can't change the managed role while Bowline's roles exist in the account. "
        "Remove the account from AWS first."
    ),
    "own_external_id": (
        "You can't change an external ID of the account's own while Bowline's roles "
        "exist in the account. Rotate it, or remove the account from AWS first."
    ),
}
"""What stays while the account exists in AWS, and what is said of an edit."""


def described(one: Compared) -> Described:
    managed = one.written.managed
    return Described(managed.name, managed.account_id, managed.environment)


def owners(accounts: Iterable[Compared]) -> dict[str, UUID]:
    """Say whose each name in Spinnaker is, in any case, without those that the file
    gives up and that nothing was approved or proved by.
    """
    wanted = {
        one.row.pk: set(map(any_case, spinnaker_names(one.written.managed)))
        for one in accounts
        if one.row
    }
    used = set(map(any_case, in_use(wanted)))
    held = SpinnakerName.objects.values_list("name", "account_id")
    return {
        any_case(name): owner
        for name, owner in held
        if owner not in wanted or any_case(name) in wanted[owner] | used
    }
