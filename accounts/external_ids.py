"""Rotate an account's external ID: made here, never accepted from a browser.

1. `rotate` makes a new one; the trust that is planned next accepts both.
2. The next bundle tells Spinnaker the new one.
3. `finish_rotation`; the trust that is planned next accepts the new one only.
"""

from __future__ import annotations

import uuid

from django.db import transaction

from accounts.mapping.edits import editing
from accounts.models import ManagedAccount
from onboarding.providers.external_id import without_external_id


class RotationRefused(ValueError):
    """The external ID cannot be rotated now; the message says why."""


def rotate(account: ManagedAccount) -> None:
    """Make a new external ID; the former one is accepted until the rotation ends."""
    with transaction.atomic():
        row = locked(account)
        if not row.uses_external_id:
            raise RotationRefused(none_to_rotate(row))
        if row.former_external_id:
            raise RotationRefused(
                f"{row.name} is between two external IDs already: finish that rotation "
                "first."
            )
        if row.granted_at is None:
            raise RotationRefused(
                f"Nothing stands in {row.name} yet, so nobody knows its external ID: "
                "there is nothing to rotate."
            )
        with editing(row):
            row.former_external_id, row.external_id = row.external_id, uuid.uuid4()
            row.save(update_fields=["former_external_id", "external_id"])
    account.refresh_from_db()


def finish_rotation(account: ManagedAccount) -> None:
    """Let the former external ID go; whoever still sends it is refused from then on."""
    with transaction.atomic():
        row = locked(account)
        if not row.former_external_id:
            raise RotationRefused(f"The external ID of {row.name} is not in rotation.")
        if not row.proof:
            raise RotationRefused(
                f"It is not proved that {row.name} accepts its new external ID: plan, "
                "apply and verify it first, and give Spinnaker the new bundle."
            )
        with editing(row):
            row.former_external_id = None
            row.save(update_fields=["former_external_id"])
    account.refresh_from_db()


def locked(account: ManagedAccount) -> ManagedAccount:
    return ManagedAccount.objects.select_for_update().get(pk=account.pk)


def none_to_rotate(row: ManagedAccount) -> str:
    titles = without_external_id(enabled.key for enabled in row.providers.all())
    if not titles:
        return f"{row.name} asks for no external ID: there is none to rotate."
    return (
        f"{row.name} deploys with {titles}, so its trust asks for no external ID: "
        f"Clouddriver drops it in its {titles} credentials. There is none to rotate."
    )
