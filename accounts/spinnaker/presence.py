"""Which accounts Spinnaker has: seen by deliveries, or as somebody said of bundles.

An account that was never delivered is in none of what deliveries saw.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from accounts.models import (
    Bundle,
    DeliveredAccount,
    ManagedAccount,
    Run,
    SpinnakerName,
)
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
    """Keep those of these accounts that were delivered and are not seen gone."""
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


class Presence(NamedTuple):
    """Why Spinnaker has or may have an account, and how to remove it there."""

    where: str
    to_do: str
    unless: str
    """When there is nothing to do."""
    since: datetime


def presence_of(account: ManagedAccount) -> Presence | None:
    """Say why Spinnaker has or may have the account; None if it does not, as far as a
    delivery saw, or somebody said.
    """
    seen = delivered(account)
    if seen and seen.is_there:
        return Presence(
            f"Spinnaker has {account.name} because Bowline delivered it.",
            (
                "Exclude it from bundles and plan a delivery. Bowline deletes the "
                "account in Spinnaker and confirms that it's gone."
            ),
            "Only if it's already removed from Spinnaker",
            seen.since,
        )
    by_bundles = presence_by_bundles(account)
    gone = by_bundles and seen and seen.since > by_bundles.since
    return None if gone else by_bundles


def presence_by_bundles(account: ManagedAccount) -> Presence | None:
    """Say the same, as far as somebody said which bundle Spinnaker has."""
    installed = Bundle.objects.installed().only("number", "installed_at").first()
    if installed and installed.installed_at:
        if not installed.accounts.filter(pk=account.pk).exists():
            return None
        where = f"Spinnaker has {account.name}, in bundle {installed.number}."
        return presence(where, installed, account, installed.installed_at)
    last = account.bundles.built().only("number", "created_at").first()
    if last is None:
        return None
    where = (
        f"{account.name} is in bundle {last.number}, and Bowline doesn't know which "
        "bundle Spinnaker has."
    )
    return presence(where, last, account, last.created_at)


def present_since(runs: Iterable[Run]) -> Iterator[tuple[Run, Presence]]:
    """Yield those of these removals since whose start Spinnaker has, or may have, their
    accounts. Where no bundle was built or installed since, and nothing delivered, this
    costs two queries.
    """
    begun = {run.account: run for run in runs if run.account}
    if not begun:
        return
    first = min(run.created_at for run in begun.values())
    since = Q(created_at__gt=first) | Q(installed_at__gt=first)
    if not (Bundle.objects.filter(since).exists() or sent_since(first)):
        return
    for account, run in begun.items():
        found = presence_of(account)
        if found and found.since > run.created_at:
            yield run, found


def presence(
    where: str, bundle: Bundle, account: ManagedAccount, since: datetime
) -> Presence:
    """Say what to do about it: build a bundle without the account, if possible."""
    if ManagedAccount.objects.ready().exclude(pk=account.pk).exists():
        return Presence(
            where,
            "Exclude it from bundles, install a bundle without it in Spinnaker, and "
            "mark that bundle as installed.",
            "Only if this account was never in Spinnaker",
            since,
        )
    return Presence(
        where,
        (
            "No other account is in bundles, so there's no bundle without it. To "
            "remove it from Spinnaker, see “Undo” in the README.md of bundle "
            f"{bundle.number}."
        ),
        "After it's removed from Spinnaker",
        since,
    )
