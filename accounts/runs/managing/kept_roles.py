"""The managing account's list of kept roles: Spinnaker may assume them, and nobody
manages their accounts.

A role stays on it until the account is verified in Bowline again, is removed from AWS,
or somebody takes the role off; only that changes what AWS has.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from django.db import transaction

from accounts.decisions.decision import decision
from accounts.decisions.locks import lock_settings
from accounts.mapping.edits import editing_managing
from accounts.mapping.managing import managing_of, managing_row
from accounts.models import Activity, ManagedAccount, ManagingAccount
from accounts.models.managed import KeptRecord
from accounts.people.reach import the_managing_account
from accounts.people.roles import OPERATOR
from accounts.refused import Refused

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    Kept = list[dict[str, Any]]


class NotKept(Refused, ValueError):
    """The list has no such role."""

    code = "NOT_KEPT"


def role_arn(row: ManagingAccount, account: ManagedAccount) -> str:
    return managing_of(row).managed_role_arn(account.account_id, account.managed_role)


def keep_role(row: ManagingAccount, record: KeptRecord) -> None:
    """Put a role on the list."""
    new = record.model_dump()
    write(row, lambda kept: [one for one in kept if one["arn"] != record.arn] + [new])


def drop(row: ManagingAccount, account: ManagedAccount) -> None:
    """Take the account's role off: Bowline has verified the account again."""
    arn = role_arn(row, account)
    if any(one.arn == arn for one in row.kept):
        write(row, lambda kept: [one for one in kept if one["arn"] != arn])


def drop_removed(row: ManagingAccount, account_ids: Collection[str]) -> None:
    """Take the roles of AWS accounts off that are removed from AWS."""
    gone = {one.arn for one in row.kept if one.account_id in account_ids}
    if gone:
        write(row, lambda kept: [one for one in kept if one["arn"] not in gone])


def write(row: ManagingAccount, change: Callable[[Kept], Kept]) -> None:
    """Change the list in the row, and in what is in force there: AWS has it so."""
    with transaction.atomic():
        lock_settings()
        row.refresh_from_db(fields=["kept_roles", "applied"])
        row.kept_roles = change(row.kept_roles)
        *earlier, last = row.applied or [{}]
        if "kept_roles" in last:
            last = {**last, "kept_roles": change(last["kept_roles"])}
            row.applied = [*earlier, last]
        row.save(update_fields=["kept_roles", "applied"])


def keep_place(row: ManagingAccount, account: ManagedAccount) -> None:
    """Let an account that is added again have its place in the list."""
    since = [one.since for one in row.kept if one.arn == role_arn(row, account)]
    if since:
        ManagedAccount.objects.filter(pk=account.pk).update(granted_at=since[0])


@decision(
    "take a kept role off the managing account's list",
    OPERATOR,
    Activity.What.EDIT,
    touches=the_managing_account,
)
def take_role_off(by: User | None, *, arn: str) -> None:
    """Take a role off the list, which the managing account's next plan applies; raise
    NotKept.
    """
    row = managing_row()
    with editing_managing(row, by):
        row.refresh_from_db(fields=["kept_roles"])
        stay = [one for one in row.kept_roles if one["arn"] != arn]
        if stay == row.kept_roles:
            raise NotKept(f"{arn} isn't on the list of kept roles.")
        row.kept_roles = stay
        row.save(update_fields=["kept_roles"])
