"""What a bundle no longer has, and whether Spinnaker has forgotten it.

Nothing that names only what is wanted ever takes an account out of hal. So “installed”
is believed only with an answer: of hal/check.sh, of deliveries, or of a person.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q

from accounts.models import Bundle, DeliveredAccount, ManagedAccount
from accounts.models.managing import kept_names
from accounts.refused import Refused
from accounts.spinnaker.presence import seen_gone
from accounts.wording import first_of
from onboarding.spinnaker.bundle.contents import (
    LISTS,
    PROVIDERS,
    REMOVED,
    BundleAccounts,
    accounts_in,
    ever_in,
    text_in,
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
    """Name accounts with roles that Spinnaker may have of other bundles, and that this
    one cannot list: those of a later bundle that was installed, and, where the bundle
    is older than such lists, of earlier ones.
    """
    others = Q(number__gt=bundle.number, installed_at__isnull=False)
    if not lists_removed(bundle):
        others |= Q(number__lt=bundle.number)
    bundles = Bundle.objects.built().filter(others)
    rows = ManagedAccount.objects.filter(granted_at__isnull=False, bundles__in=bundles)
    rows = rows.exclude(bundles=bundle).order_by("name").distinct()
    return first_of(list(rows.values_list("name", flat=True)), MOST_NAMED)


def lists_removed(bundle: Bundle) -> bool:
    return any(file["path"] == LISTS for file in bundle.files)


def had_before(bundle: Bundle) -> BundleAccounts:
    """Read what bundles before this one had: each lists what those before it had,
    unless it is older than such lists. What stays in Spinnaker though its account left
    Bowline isn't to be removed, so it isn't among them.
    """
    had = BundleAccounts()
    earlier = Bundle.objects.built().filter(number__lt=bundle.number)
    for one in earlier.iterator(chunk_size=1):
        had = had.with_those_of(ever_in(one.archive))
        if lists_removed(one):
            break
    return had.without(kept_names())
