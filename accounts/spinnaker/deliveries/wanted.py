"""What Spinnaker is to have: the accounts of the next bundle, as they are sent."""

from __future__ import annotations

from collections.abc import Collection

from accounts.bundles import refuse_twins
from accounts.mapping import snapshots
from accounts.mapping.managing import managing_row
from accounts.mapping.proved import proved_entries
from accounts.mapping.slices import in_slices
from accounts.models import ManagedAccount
from accounts.next_bundle import held
from onboarding.delivery.bodies import Body, bodies


def wanted_bodies() -> tuple[Body, ...]:
    """Write each account as it was approved and last proved; raise Twins, or
    NoManagingAccount.
    """
    managing = snapshots.in_force(managing_row())
    rows = held().only("name", "proved")
    refuse_twins(rows)
    return bodies(proved_entries(managing, rows))


def environments(names: Collection[str]) -> list[str]:
    """List the environments of the accounts that Spinnaker knows, or knew, by these
    names; empty: of none.
    """
    left, found = set(names), set()
    for environment, entries in held().values_list("environment", "proved__entries"):
        mine = {entry["name"] for entry in entries}
        if mine & left:
            found.add(environment)
            left -= mine
    for some in in_slices(sorted(left)):
        rows = ManagedAccount.objects.filter(spinnaker_names__name__in=some)
        found.update(rows.order_by().values_list("environment", flat=True))
    return sorted(found or {""})
