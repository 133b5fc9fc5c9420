"""The accounts file of what is described: what the reader would take, and what it would
not, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from accounts.mapping.managed import description_of, lacks_details, managed_of
from accounts.mapping.managing import managing_of
from accounts.mapping.spinnaker.connection import connection_of
from accounts.models import ManagedAccount, ManagingAccount, Spinnaker
from onboarding.accounts_file.spinnaker import spinnaker_written
from onboarding.accounts_file.writing import (
    Written,
    account_written,
    csv_text,
    managing_written,
    yaml_text,
)
from onboarding.details import DetailsError

AT_ONCE = 1_000
"""Rows read at once."""


class Export(NamedTuple):
    managing: Written | None
    accounts: list[Written]
    excluded: list[str]
    """Why accounts are not in it, each with its name."""
    spinnaker: Written | None = None

    def text(self, *, csv: bool) -> str:
        if csv:
            return csv_text(self.accounts)
        comments = "".join(f"# Not in this file: {said}\n" for said in self.excluded)
        return comments + yaml_text(self.managing, self.accounts, self.spinnaker)


def export(rows: Iterable[ManagedAccount] | None = None) -> Export:
    """Export the accounts, or all of them by name."""
    managing = ManagingAccount.objects.first()
    if rows is None:
        everything = ManagedAccount.objects.prefetch_related("providers")
        everything = everything.defer("verified", "applied", "approved_entries")
        rows = everything.order_by("name").iterator(chunk_size=AT_ONCE)
    accounts, excluded = [], []
    for row in rows:
        if reason := why_not(row):
            excluded.append(" ".join(f"{row.name}. {reason}".split()))
        else:
            accounts.append(account_written(description_of(row)))
    written = (
        managing_written(managing_of(managing), trusts_bowline=managing.trusts_bowline)
        if managing
        else None
    )
    spinnaker = Spinnaker.objects.first()
    connection = spinnaker_written(connection_of(spinnaker)) if spinnaker else None
    return Export(written, accounts, excluded, connection)


def why_not(row: ManagedAccount) -> str:
    """Say why the reader would refuse the account; empty where it takes it."""
    providers = list(row.providers.all())
    if not row.regions or not providers or any(map(lacks_details, providers)):
        return "Its steps aren't complete."
    try:
        managed_of(row)
    except DetailsError as error:
        return str(error)
    return ""
