"""Edit one of many accounts that a person chose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from accounts.mapping.edits import editing
from accounts.mapping.spinnaker_names import claim_names
from accounts.models import ManagedAccount
from accounts.refused import Refused
from accounts.web.bulk.forms import how_of
from onboarding.description.field import Field
from onboarding.description.fields import IN_BULK

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class CannotEdit(Refused):
    """The account would be described as it may not be."""

    code = "INVALID"


SO_ALREADY = "It's so already."


def edit(account: ManagedAccount, by: User, *, asked: dict[str, Any]) -> None:
    """Change the account's description. Raise CannotEdit where it is SO_ALREADY, too,
    NameTaken or DetailsError where it cannot be.
    """
    with transaction.atomic():
        rows = ManagedAccount.objects.select_for_update(no_key=True)
        row = rows.get(pk=account.pk)
        changed = {
            name: value
            for name, value in edited_settings(row, asked).items()
            if value != getattr(row, name)
        }
        if not changed:
            raise CannotEdit(SO_ALREADY)
        with editing(row, by):
            for name, value in changed.items():
                setattr(row, name, value)
            row.save(update_fields=[*changed])
        claim_names(ManagedAccount.objects.prefetch_related("providers").get(pk=row.pk))


def edited_settings(row: ManagedAccount, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the fields as they are to be."""
    return {one.name: as_asked(row, one, asked) for one in IN_BULK}


def as_asked(row: ManagedAccount, one: Field, asked: dict[str, Any]) -> Any:
    before, value = getattr(row, one.name), asked[one.name]
    match asked[how_of(one)]:
        case "add":
            return [*before, *(each for each in value if each not in before)]
        case "take":
            left = [each for each in before if each not in value]
            if before and not left:
                raise CannotEdit(one.emptied)
            return left
        case "set":
            return value
    return before
