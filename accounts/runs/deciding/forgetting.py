"""Delete an account's description from Bowline, where nothing of it exists in AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from accounts.models import Activity, ManagedAccount
from accounts.models.states import OPEN
from accounts.people.activity import record
from accounts.people.role_limits.refusing import refuse_outside
from accounts.people.roles import OPERATOR

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class CannotForget(ValueError):
    """The account is still needed; the message says for what."""


def forget(account: ManagedAccount, by: User) -> None:
    """Delete an account that does not exist in AWS; raise CannotForget for others."""
    with transaction.atomic():
        if reason := why_not_forget(account):
            raise CannotForget(reason)
        refuse_outside(by, OPERATOR, account)
        account.delete()
        detail = {"account ID": account.account_id}
        record(by, Activity.What.FORGET, account.name, detail)


def why_not_forget(account: ManagedAccount) -> str:
    """Say why the account cannot be deleted from Bowline now; empty: it can."""
    if account.granted_at:
        return (
            f"You can't delete {account.name} while it exists in AWS. Remove it from "
            "AWS first."
        )
    if account.runs.filter(status__in=OPEN).exists():
        return (
            f"{account.name} has an open run. Wait until it finishes, or discard its "
            "plan."
        )
    return ""
