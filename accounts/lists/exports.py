"""All accounts as files: few are written in a request, many by a worker."""

from __future__ import annotations

from django.http import QueryDict

from accounts.lists.accounts import matching, sort_of
from accounts.lists.files import AT_ONCE, Columns, lines
from accounts.mapping.accounts_file.export import export
from accounts.models import ManagedAccount
from accounts.models.managed import ManagedAccountQuerySet

ACCOUNTS, ACCOUNTS_FILE = "accounts", "accounts-file"
"""The list with its filters, and the file that can be sent again."""

MOST_IN_A_REQUEST = 500
"""The most accounts that a request writes: they take it 150 ms."""


def provider_keys(account: ManagedAccount) -> list[str]:
    return [provider.key for provider in account.providers.all()]


COLUMNS: Columns = {
    "name": lambda row: row.name,
    "account_id": lambda row: row.account_id,
    "environment": lambda row: row.environment,
    "state": lambda row: row.word,
    "providers": provider_keys,
    "regions": lambda row: row.regions,
    "verified_at": lambda row: row.verified_at,
    "policy_set": lambda row: row.policy_set,
    "created_at": lambda row: row.created_at,
    "created_by": lambda row: row.created_by_name,
}


def are_few(accounts: int) -> bool:
    return accounts <= MOST_IN_A_REQUEST


def account_rows(asked: QueryDict) -> ManagedAccountQuerySet:
    found = matching(asked).order_by(sort_of(asked), "name")
    return found.defer("verified", "applied", "approved_entries")


def text_of(name: str, form: str, asked: QueryDict | None = None) -> str:
    if name == ACCOUNTS_FILE:
        return export().text(csv=form == "csv")
    rows = account_rows(asked or QueryDict()).iterator(chunk_size=AT_ONCE)
    return "".join(lines(form, COLUMNS, rows))
