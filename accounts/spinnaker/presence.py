"""Which accounts Spinnaker has, and whether it has forgotten those that a
bundle no longer has.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from accounts.models import (
    Bundle,
    DeliveredAccount,
    ManagedAccount,
    Run,
    SpinnakerName,
)
from accounts.models.managing import kept_names
from accounts.refused import Refused
from accounts.slices import in_slices
from accounts.wording import first_of
from onboarding.spinnaker.bundle.contents import (
    PROVIDERS,
    REMOVED,
    BundleAccounts,
    accounts_in,
    ever_in,
    text_in,
)


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
        plan = "Exclude it from bundles and plan" if account.is_in_bundles else "Plan"
        return Presence(
            f"Spinnaker has {account.name} because Bowline delivered it.",
            f"{plan} a delivery. Bowline deletes the account in Spinnaker and confirms "
            "that it's gone.",
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
    sent = DeliveredAccount.objects.filter(sent_at__gt=first)
    if not (Bundle.objects.filter(since).exists() or sent.exists()):
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
        is_held = account.is_in_bundles
        install = "Exclude it from bundles, install" if is_held else "Install"
        return Presence(
            where,
            f"{install} a bundle without it in Spinnaker, and mark that bundle as "
            "installed.",
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


GONE = "gone"
"""What a person types who looked whether Spinnaker has forgotten the accounts."""

MOST_NAMED = 5


class MayBeThere(Refused, ValueError):
    """Nobody said that Spinnaker has forgotten what other bundles had."""

    code = "MAY_BE_THERE"


class Left(NamedTuple):
    """What somebody must say of accounts that Spinnaker may still have."""

    digest: str
    """What hal/check.sh prints once hal has forgotten what the bundle lists as removed;
    empty where that is nothing, or where deliveries saw it gone."""
    unlisted: str
    """Accounts that the bundle does not list: no script of it says what became of
    them."""

    def __bool__(self) -> bool:
        return bool(self.digest or self.unlisted)

    def is_answered(self, answer: str) -> bool:
        if answer.strip() == GONE:
            return True
        return not self.unlisted and self.digest in answer

    def __str__(self) -> str:
        if self.unlisted:
            return (
                f"Spinnaker might still have {self.unlisted}, and this bundle doesn't "
                "list the accounts to remove. When Spinnaker no longer has them, "
                f"type “{GONE}”."
            )
        return (
            "This bundle no longer includes some earlier accounts, and hal keeps "
            "them until they're removed. Enter the “all gone” line of hal/check.sh, "
            f"or type “{GONE}” if you checked yourself."
        )


def left_by(bundle: Bundle) -> Left:
    """Say what somebody must say before the bundle counts as what Spinnaker has."""
    digest = gone_answer(bundle.files)
    if digest and all_seen_gone(bundle):
        digest = ""
    return Left(digest, unlisted(bundle))


def gone_answer(files: Iterable[Mapping[str, Any]]) -> str:
    """Return what hal/check.sh prints once hal has forgotten the accounts that earlier
    bundles had and this one has not; empty where there are none.
    """
    digests = (file["sha256"] for file in files if file["path"] == REMOVED)
    return str(next(digests, ""))[:12]


def all_seen_gone(bundle: Bundle) -> bool:
    """Return whether deliveries saw all gone that the bundle lists, and no bundle that
    has any of it was built or installed since.
    """
    if not DeliveredAccount.objects.exists():
        return False
    listed = json.loads(text_in(bundle.archive, REMOVED))
    removed = {
        (provider, one["name"]): one.get("accountId", "")
        for provider in PROVIDERS
        for one in listed[provider]
    }
    gone = seen_gone(removed)
    return removed.keys() == gone.keys() and not came_back(bundle, gone)


def came_back(bundle: Bundle, gone: Mapping[tuple[str, str], datetime]) -> bool:
    """Return whether Spinnaker may have got any of it again since, by a bundle."""
    first = min(gone.values())
    since = Q(created_at__gt=first) | Q(installed_at__gt=first)
    others = Bundle.objects.built().filter(since).exclude(pk=bundle.pk)
    for other in others.iterator(chunk_size=1):
        at = max(other.created_at, other.installed_at or other.created_at)
        held = accounts_in(other.archive)
        for provider in PROVIDERS:
            for account in held.of(provider):
                seen = gone.get((provider, account["name"]))
                if seen and seen < at:
                    return True
    return False


def unlisted(bundle: Bundle) -> str:
    """Name accounts with roles that Spinnaker may have of a later bundle that was
    installed, and that this one cannot list.
    """
    later = Bundle.objects.installed().filter(number__gt=bundle.number)
    # As a list, which is empty for most: then nothing is read of the accounts.
    bundles = [*later.values_list("pk", flat=True)]
    rows = ManagedAccount.objects.filter(granted_at__isnull=False, bundles__in=bundles)
    rows = rows.exclude(bundles=bundle).order_by("name").distinct()
    return first_of(list(rows.values_list("name", flat=True)), MOST_NAMED)


def had_before(bundle: Bundle) -> BundleAccounts:
    """Read what bundles before this one had: each lists what those before it had. What
    stays in Spinnaker though its account left Bowline isn't to be removed, so it isn't
    among them.
    """
    last = Bundle.objects.built().filter(number__lt=bundle.number).first()
    had = ever_in(last.archive) if last else BundleAccounts()
    return had.without(kept_names())
