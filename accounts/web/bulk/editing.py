"""Edit one of many accounts that a person chose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import transaction

from accounts.lists.outcomes import CannotEdit
from accounts.mapping.edits import editing
from accounts.mapping.spinnaker_names import claim_names
from accounts.models import ManagedAccount
from accounts.web.bulk.forms import ENVIRONMENT, LISTS, SET

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def edit(account: ManagedAccount, asked: dict[str, Any], by: User) -> bool:
    """Change the account's description; False where it is so already. Raise CannotEdit,
    NameTaken or DetailsError where it cannot be.
    """
    with transaction.atomic():
        rows = ManagedAccount.objects.select_for_update(no_key=True)
        row = rows.get(pk=account.pk)
        changed = {
            name: value
            for name, value in described(row, asked).items()
            if value != getattr(row, name)
        }
        if not changed:
            return False
        with editing(row, by):
            for name, value in changed.items():
                setattr(row, name, value)
            row.save(update_fields=[*changed])
        claim_names(ManagedAccount.objects.prefetch_related("providers").get(pk=row.pk))
    return True


def described(row: ManagedAccount, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the fields as they are to be."""
    wanted = {name: listed(row, name, asked) for name in LISTS}
    if asked[f"{ENVIRONMENT}_how"] == SET:
        return {**wanted, ENVIRONMENT: asked[ENVIRONMENT]}
    return wanted


def listed(row: ManagedAccount, name: str, asked: dict[str, Any]) -> list[str]:
    before: list[str] = getattr(row, name)
    values: Iterable[str] = asked[name]
    match asked[f"{name}_how"]:
        case "add":
            return [*before, *(one for one in values if one not in before)]
        case "take":
            left = [one for one in before if one not in values]
            if before and not left:
                raise CannotEdit(NOTHING_LEFT[name])
            return left
        case "set":
            return list(values)
    return before


NOTHING_LEFT = {
    "regions": "no region would be left",
    "read_roles": (
        "no role would be left, so everyone could read; to allow that, set the roles "
        "to nothing"
    ),
    "write_roles": (
        "no role would be left, so everyone could write; to allow that, set the "
        "roles to nothing"
    ),
}
