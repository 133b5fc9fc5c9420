"""What the new accounts of a page of a file have in common: it is said once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from accounts.mapping.accounts_file.comparison import NEW
from accounts.models.uploads.upload import UploadedAccount

Change = dict[str, Any]
FEW = 2
"""Of fewer new accounts, each is shown whole."""


class Listed(NamedTuple):
    account: UploadedAccount
    changes: list[Change]
    """Without what all new ones have in common."""


class Alike(NamedTuple):
    of: int
    """How many new accounts have it in common."""
    changes: list[Change]
    rows: list[Listed]


def alike(accounts: Sequence[UploadedAccount]) -> Alike:
    """Take what is the same of all new accounts out of each of them."""
    new = [one.changes for one in accounts if one.what == NEW]
    first = new[0] if len(new) >= FEW else []
    shared = [change for change in first if all(change in one for one in new)]
    rows = [
        Listed(one, [c for c in one.changes if one.what != NEW or c not in shared])
        for one in accounts
    ]
    return Alike(len(new), shared, rows)
