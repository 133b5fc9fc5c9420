"""Bowline's own list of what is in Spinnaker, as a delivery keeps it while it sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import DateTimeField, Value
from django.db.models.functions import Coalesce

from accounts.models import DeliveredAccount
from onboarding.delivery.bodies import Body
from onboarding.delivery.verdicts import Owned


@dataclass(frozen=True, slots=True)
class Ledger:
    """The list in the database; `bodies` are what may be sent, by name."""

    bodies: Mapping[str, Body]
    now: Callable[[], datetime]

    def owned(self, name: str) -> Owned | None:
        return DeliveredAccount.objects.by_name([name]).get(name)

    def keep(self, owned: Owned) -> None:
        """Write it down; what was seen of the account before holds no longer."""
        now = self.now()
        kept = {
            "type": owned.type,
            "sent": owned.sent,
            "sending": owned.sending,
            "leaving": owned.leaving,
            "forgotten": False,
            "sent_at": now,
            "loaded_at": None,
            "gone_at": None,
            **self.known_in_aws(owned),
        }
        made = (
            None if owned.deleted else Coalesce("made_at", Value(now, DateTimeField()))
        )
        rows = DeliveredAccount.objects.filter(name=owned.name)
        if not rows.update(**kept, made_at=made):
            DeliveredAccount.objects.create(name=owned.name, **kept, made_at=now)

    def known_in_aws(self, owned: Owned) -> dict[str, str]:
        """Say which external ID Spinnaker sends, once it has loaded the account."""
        body = self.bodies.get(owned.name)
        if owned.leaving or body is None or body.type != "aws":
            return {}
        external_id = str(body.document.get("externalId", ""))
        return {"account_id": body.document["accountId"], "external_id": external_id}
