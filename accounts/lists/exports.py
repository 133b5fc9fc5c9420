"""All accounts as files: few are written in a request, many by a worker."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple
from uuid import UUID

from django.http import QueryDict

from accounts.discover.questions import question
from accounts.lists.accounts import matching_accounts, sort_of
from accounts.lists.files import Columns, lines_of_file
from accounts.mapping.accounts_file.export import Export
from accounts.models import EnabledProvider, ManagedAccount, Question
from accounts.packed import packed
from accounts.slices import read_in_slices

ACCOUNTS, ACCOUNTS_FILE = "accounts", "accounts-file"
"""The list with its filters, and the file that can be sent again."""

MOST_IN_A_REQUEST = 500
"""The most accounts that a request writes: they take it 150 ms."""


class Listed(NamedTuple):
    account: ManagedAccount
    providers: list[str]


COLUMNS: Columns = {
    "name": lambda row: row.account.name,
    "account_id": lambda row: row.account.account_id,
    "environment": lambda row: row.account.environment,
    "state": lambda row: row.account.word,
    "providers": lambda row: row.providers,
    "regions": lambda row: row.account.regions,
    "verified_at": lambda row: row.account.verified_at,
    "policy_set": lambda row: row.account.policy_set,
    "created_at": lambda row: row.account.created_at,
    "created_by": lambda row: row.account.created_by_name,
}
READ = (
    *("name", "account_id", "environment", "regions", "verified_at", "policy_set"),
    *("created_at", "created_by_name"),
    *("state", "verification", "unknown_writes", "undeployable", "unapproved"),
)
"""The columns of the table: what they say, and what the word of a state depends on."""


def are_few(accounts: int) -> bool:
    return accounts <= MOST_IN_A_REQUEST


def exported_accounts(asked: QueryDict) -> Iterator[Listed]:
    """Read the accounts that the filters in the URL ask for, in their order."""
    found = matching_accounts(asked).order_by(sort_of(asked), "name")
    for accounts in read_in_slices(found, ManagedAccount.objects.only(*READ)):
        keys = provider_keys([one.pk for one in accounts])
        yield from (Listed(one, keys.get(one.pk, [])) for one in accounts)


def provider_keys(accounts: Collection[UUID]) -> dict[UUID, list[str]]:
    rows = EnabledProvider.objects.filter(account__in=accounts).order_by("id")
    keys: dict[UUID, list[str]] = {}
    for account, key in rows.values_list("account_id", "key"):
        keys.setdefault(account, []).append(key)
    return keys


def lines_of(name: str, form: str, asked: QueryDict | None = None) -> Iterator[str]:
    """Write the list, or the accounts file, as it is read."""
    if name == ACCOUNTS_FILE:
        return Export().file_lines(csv=form == "csv")
    return lines_of_file(form, COLUMNS, exported_accounts(asked or QueryDict()))


@question("packed-export", is_own=True)
def written_list(asked: Question) -> Any:
    """Write it for one person."""
    said = asked.input
    return packed(lines_of(said["name"], said["form"], QueryDict(said.get("query"))))
