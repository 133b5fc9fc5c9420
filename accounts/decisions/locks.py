"""In which order decisions lock, so that no two wait for each other: a delivery, a
rollout, runs, the managing account, accounts, policies of others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

from django.db import models

from accounts.models import ManagedAccount, ManagingAccount
from accounts.refused import Refused
from accounts.slices import in_slices

M = TypeVar("M", bound=models.Model)


class Gone(Refused):
    """What the decision is about was deleted meanwhile."""

    code = "FORGOTTEN"
    is_late = True

    def __init__(self, row: models.Model) -> None:
        super().__init__(f"{getattr(row, 'name', row)} was deleted from Bowline.")


def hold(row: M) -> None:
    """Read the row again, and let nobody change it until the transaction ends; raise
    Gone where it was deleted.
    """
    kind = type(row)
    rows = kind._default_manager.select_for_update(of=("self",), no_key=True)
    try:
        row.refresh_from_db(from_queryset=rows)
    except kind.DoesNotExist as error:  # type: ignore[attr-defined]
        raise Gone(row) from error


def hold_with_settings(row: models.Model) -> None:
    """Hold the row, and let nobody edit the managing account."""
    hold(row)
    lock_settings()


def hold_nothing(*_: object) -> None:
    """What is decided holds what it needs, in its own order."""


def lock_settings(accounts: Iterable[UUID] = ()) -> None:
    """Let nobody edit the managing account, or these, until the transaction ends."""
    rows = ManagingAccount.objects.select_for_update(no_key=True)
    list(rows.values_list("pk"))
    lock_accounts(accounts)


def lock_accounts(accounts: Iterable[UUID]) -> set[UUID]:
    """Let nobody edit or delete these; return those that there still are."""
    rows = ManagedAccount.objects.select_for_update(no_key=True).order_by("pk")
    return {
        key
        for some in in_slices(sorted(set(accounts)))
        for key in rows.filter(pk__in=some).values_list("pk", flat=True)
    }
