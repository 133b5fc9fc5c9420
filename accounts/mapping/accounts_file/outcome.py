"""What an accounts file changes, or would change, by the names of its accounts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from accounts.mapping.accounts_file import differs, spinnaker_differs
from accounts.mapping.accounts_file.comparison import CHANGED, NEW, SAME, Comparison
from accounts.models import ManagingAccount
from onboarding.accounts_file import AccountsFile, FileProblems, read_accounts_file
from onboarding.accounts_file.reader import Problem

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Doing: TypeAlias = Callable[[AccountsFile, "User"], Comparison]

MOST_IN_A_REQUEST = 50_000
"""The most bytes of a file that a request compares: some 300 accounts."""

OTHER_CONNECTION = (
    "The connection with Spinnaker is different in the file. Only an administrator can "
    "change it, in Settings: remove it from the file, or write the current values."
)


def is_short(file: bytes) -> bool:
    return len(file) <= MOST_IN_A_REQUEST


def outcome(content: bytes, *, csv: bool, by: User, doing: Doing) -> dict[str, Any]:
    """Save or preview the file; raise FileProblems with all that is wrong."""
    row = ManagingAccount.objects.first()
    partition = row.partition if row else "aws"
    file = read_accounts_file(content, partition=partition, csv=csv)
    if spinnaker_differs(file):
        raise FileProblems([Problem(file.spinnaker_line, OTHER_CONNECTION)])
    managing = file.managing is not None and (row is None or differs(file, row))
    found = doing(file, by)
    new, changed = (
        [one.written.managed.name for one in found.those(what)]
        for what in (NEW, CHANGED)
    )
    return {
        "new": new,
        "changed": changed,
        "same": len(found.those(SAME)),
        "left_alone": found.left_alone,
        "managing": managing,
    }
