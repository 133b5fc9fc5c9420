"""What deliveries saw of accounts in Spinnaker: seen by Bowline, not said by somebody.

An account that was never delivered is in none of this: bundles say of those.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef

from accounts.models import DeliveredAccount, ManagedAccount, SpinnakerName
from accounts.slices import in_slices


class Delivered(NamedTuple):
    """Whether Spinnaker has an account that Bowline delivered, and since when."""

    is_there: bool
    """It is stored, may be, or is still loaded."""
    since: datetime
    """When it was last sent; where it is not there, when it was seen gone."""


def delivered(account: ManagedAccount) -> Delivered | None:
    """Say what became of an account; None: Bowline never delivered it."""
    names = {one.name for one in account.spinnaker_names.all()}
    names |= {entry["name"] for entry in account.verified.get("entries", ())}
    rows = list(DeliveredAccount.objects.filter(name__in=names))
    if not rows:
        return None
    there = [row.sent_at for row in rows if not row.is_gone]
    if there:
        return Delivered(True, max(there))
    return Delivered(False, max(row.gone_at or row.sent_at for row in rows))


def seen_gone(
    accounts: Mapping[tuple[str, str], str],
) -> Mapping[tuple[str, str], datetime]:
    """Say since when deliveries saw these gone, by type and name; their AWS accounts
    must be the same. What they did not see gone is left out.
    """
    names = sorted({name for _, name in accounts})
    return {
        (row.type, row.name): row.gone_at or row.sent_at
        for some in in_slices(names)
        for row in DeliveredAccount.objects.filter(name__in=some)
        if row.is_gone and accounts.get((row.type, row.name)) == row.account_id
    }


def in_spinnaker(accounts: Iterable[UUID]) -> set[UUID]:
    """Keep those of these accounts that were delivered, and are not seen gone."""
    there = DeliveredAccount.objects.owned().filter(name=OuterRef("name"))
    names = SpinnakerName.objects.filter(Exists(there))
    found: set[UUID] = set()
    for keys in in_slices([*accounts]):
        rows = names.filter(account__in=keys)
        found.update(row.account_id for row in rows.only("account"))
    return found


def sent_since(moment: datetime) -> bool:
    return DeliveredAccount.objects.filter(sent_at__gt=moment).exists()


def external_ids_loaded() -> Mapping[str, Collection[str]]:
    """Return, of each AWS account that was delivered, the external IDs that Spinnaker
    is seen to send, by any of its names; an empty one of a name for which it has not
    loaded what was sent last.
    """
    found: dict[str, set[str]] = {}
    rows = DeliveredAccount.objects.owned().filter(type="aws", leaving=False)
    columns = rows.values_list("account_id", "external_id", "loaded_at")
    for account_id, external_id, loaded_at in columns.iterator():
        found.setdefault(account_id, set()).add(external_id if loaded_at else "")
    return found


def was_sent(account_id: str, external_id: str) -> bool:
    """Return whether Spinnaker may send this external ID, by a delivery."""
    rows = DeliveredAccount.objects.owned()
    return rows.filter(account_id=account_id, external_id=external_id).exists()
