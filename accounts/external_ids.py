"""Rotate an account's external ID: made here, never accepted from a browser.

1. `rotate` makes a new one; the trust that is planned next accepts both.
2. Once that is proved, the next bundle holds the new one.
3. Once Spinnaker has that bundle, `finish_rotation`; the trust that is planned next
   accepts the new one only.

Until then `cancel_rotation` goes back.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, NamedTuple

from django.db import transaction

from accounts.activity import record
from accounts.mapping.edits import editing
from accounts.models import Activity, Bundle, ManagedAccount
from onboarding.providers.external_id import without_external_id
from onboarding.spinnaker.bundle.contents import accounts_in

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class RotationRefused(ValueError):
    """The external ID cannot be rotated now; the message says why."""


def rotate(account: ManagedAccount, by: User | None = None) -> None:
    """Create a new external ID; the previous one works until the rotation ends."""
    with transaction.atomic():
        row = locked(account)
        if not row.uses_external_id:
            raise RotationRefused(none_to_rotate(row))
        if row.former_external_id:
            raise RotationRefused(
                f"The external ID of {row.name} is already in rotation. Finish that "
                "rotation first."
            )
        if row.granted_at is None:
            raise RotationRefused(
                f"Bowline has not created anything in {row.name} yet, so there is no "
                "external ID to rotate."
            )
        with editing(row, by):
            row.former_external_id, row.external_id = row.external_id, uuid.uuid4()
            row.save(update_fields=["former_external_id", "external_id"])
        record(by, Activity.What.ROTATE, row.name, {"account": str(row.pk)})
    account.refresh_from_db()


def finish_rotation(account: ManagedAccount, by: User | None = None) -> None:
    """Stop accepting the previous external ID.

    Raise RotationRefused until a bundle with the new one is installed.
    """
    with transaction.atomic():
        row = locked(account)
        if not row.former_external_id:
            raise RotationRefused(f"The external ID of {row.name} is not in rotation.")
        if missing := next((s for s in stages(row) if not s.done), None):
            raise RotationRefused(f"Not yet: {missing.to_do}")
        with editing(row, by):
            row.former_external_id = None
            row.save(update_fields=["former_external_id"])
        record(by, Activity.What.ROTATED, row.name, {"account": str(row.pk)})
    account.refresh_from_db()


def cancel_rotation(account: ManagedAccount, by: User | None = None) -> None:
    """Restore the previous external ID.

    If a bundle holds the new one, or the next one would, both are accepted until a
    bundle with the previous one is installed: Spinnaker may send the other.
    """
    with transaction.atomic():
        row = locked(account)
        if not row.former_external_id:
            raise RotationRefused(f"The external ID of {row.name} is not in rotation.")
        # One archive at a time: there may be hundreds, of megabytes each.
        bundles = row.bundles.built().defer("files").iterator()
        is_told = is_proved(row) or any(
            str(row.external_id) in told(one, row) for one in bundles
        )
        with editing(row, by):
            former = row.external_id if is_told else None
            row.external_id, row.former_external_id = row.former_external_id, former
            row.save(update_fields=["former_external_id", "external_id"])
        record(by, Activity.What.ROTATED, row.name, {"account": str(row.pk)})
    account.refresh_from_db()


class Stage(NamedTuple):
    """A step of a rotation."""

    title: str
    done: bool
    to_do: str
    """What makes it done."""


def stages(row: ManagedAccount) -> list[Stage]:
    """List what must happen before the previous external ID is dropped, in order."""
    new = str(row.external_id)
    proved = is_proved(row)
    installed = Bundle.objects.installed().first()
    newest = Bundle.objects.built().defer("files").first()
    return [
        Stage(
            "AWS accepts both, and the new one works",
            proved,
            f"plan {row.name}, apply the plan and verify it.",
        ),
        Stage(
            "A bundle holds the new one",
            proved and newest is not None and new in told(newest, row),
            "build a bundle.",
        ),
        Stage(
            "Spinnaker has that bundle",
            installed is not None and new in told(installed, row),
            "install that bundle in Spinnaker, then mark it as installed on its page.",
        ),
    ]


def accepted_now(row: ManagedAccount) -> str:
    """Say which external IDs AWS accepts; empty if only the account's own."""
    managed = row.proved.get("managed", {})
    proved = {managed.get("external_id"), managed.get("former_external_id")}
    carried_out = {entry.get("external_id") for entry in row.approved_entries}
    new, former = str(row.external_id), row.former_external_id
    if former is None:
        others = proved - {new, "", None}
        still = others and new in proved
        return f"{others.pop()}, too, until a plan is applied" if still else ""
    if new in carried_out or {new, str(former)} <= proved:
        return "both"
    return "the previous one; the new one, too, once a plan is applied"


def is_proved(row: ManagedAccount) -> bool:
    """Return whether the external ID was proved, so that the next bundle holds it."""
    described = row.proved.get("managed", {})
    return bool(described.get("external_id") == str(row.external_id))


def told(bundle: Bundle, row: ManagedAccount) -> set[str]:
    """Return the external IDs that Spinnaker sends to the account by this bundle."""
    return {
        str(entry.get("externalId", ""))
        for entry in accounts_in(bundle.archive).aws
        if entry["accountId"] == row.account_id
    }


def locked(account: ManagedAccount) -> ManagedAccount:
    return ManagedAccount.objects.select_for_update().get(pk=account.pk)


def none_to_rotate(row: ManagedAccount) -> str:
    titles = without_external_id(enabled.key for enabled in row.providers.all())
    if not titles:
        return f"{row.name} does not use an external ID: there is none to rotate."
    return (
        f"{row.name} deploys with {titles}, so it does not use an external ID: "
        f"Clouddriver does not send one with {titles}. There is none to rotate."
    )
