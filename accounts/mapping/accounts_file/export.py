"""The accounts file of what is described: what the reader would take, and what it would
not, with the reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from uuid import UUID

from accounts.mapping.managed import columns_of_row, in_their_order, lacks_details
from accounts.mapping.managing import managing_of
from accounts.mapping.spinnaker import connection_of
from accounts.models import EnabledProvider, ManagedAccount, ManagingAccount, Spinnaker
from accounts.packed import packed, unpacked
from accounts.slices import read_in_slices
from onboarding.accounts_file.managed import spinnaker_written
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
