"""What Spinnaker is to have: the accounts of the next bundle, as they are sent."""

from __future__ import annotations

from collections.abc import Collection

from accounts.mapping import snapshots
from accounts.mapping.entries import verified_entries
from accounts.mapping.managing import managing_row
from accounts.models import DeliveredAccount, ManagedAccount
from accounts.people.reach import approved_in, each_environment
from accounts.slices import in_slices
from accounts.spinnaker.bundles import refuse_twins
from accounts.spinnaker.next_bundle import held
from onboarding.delivery.bodies import Body, bodies

COLUMNS = ("name", "environment", "approved_environment")
"""In which environments an account is, see people/reach.py."""


def wanted_bodies() -> tuple[Body, ...]:
    """Write each account as it was approved and last proved; raise Twins, or
    NoManagingAccount.
    """
    managing = snapshots.in_force(managing_row())
    rows = held().only("name", "verified")
    refuse_twins(rows)
    return bodies(verified_entries(managing, rows))


def environments(names: Collection[str]) -> list[str]:
    """List the environments of the accounts that Spinnaker knows, or knew, by these
    names; empty: of none.
    """
    left, found = set(names), set[str]()
    for entries, *row in held().values_list("verified__entries", *COLUMNS):
        mine = {entry["name"] for entry in entries}
        if mine & left:
            found.update(one for _, one in each_environment([tuple(row)]))
            left -= mine
    for some in in_slices(sorted(left)):
        rows = ManagedAccount.objects.filter(spinnaker_names__name__in=some).order_by()
        found.update(one for _, one in each_environment(rows.values_list(*COLUMNS)))
    sent = DeliveredAccount.objects.filter(name__in=names).order_by()
    found |= {*approved_in(sent.values_list("account_id", flat=True)).values()}
    return sorted(found or {""})
