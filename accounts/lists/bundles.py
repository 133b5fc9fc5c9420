"""Bundles: the list with its filters, which of them Spinnaker has, as a person said,
and what a later one would change.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet
from django.http import QueryDict
from django.urls import reverse

from accounts.discover.comparisons import changes_found, of_two
from accounts.lists.declaration import AT_ONCE, Filter, Listing
from accounts.models import Bundle
from accounts.wording import counted, listed

NUMBER = re.compile(r"(?:bundle)?\s*(?:#\s*)?([0-9]{1,9})", re.IGNORECASE)
"""What people write for a bundle: its number, “#5” or “Bundle 5”."""

REMEMBERED = 7 * 24 * 60 * 60
"""Seconds; two bundles never change, so only space is the limit."""


def by_text(text: str) -> Q:
    """Find bundles by number, digest, or whoever built them."""
    found = Q(created_by_name__icontains=text) | Q(sha256__startswith=text.lower())
    if number := NUMBER.fullmatch(text):
        found |= Q(number=int(number[1]))
    return found


def matching_bundles(asked: QueryDict) -> QuerySet[Bundle]:
    """Find what the filters in the URL ask for, the newest first."""
    found = BUNDLES.matching(Bundle.objects.light(), asked)
    return found.annotate(count=Count("accounts")).order_by("-number")


BUNDLES = Listing(
    "bundles",
    filters=(
        Filter("text", by_text, help="A number, a digest, or a person"),
        Filter(
            "status",
            lambda status: Q(status=status),
            choices=Bundle.Status.choices,
            words="BundleStatus",
        ),
    ),
    columns={
        "number": lambda row: row.number,
        "status": lambda row: row.status,
        "accounts": lambda row: row.count,
        "size": lambda row: row.size,
        "sha256": lambda row: row.sha256,
        "created_at": lambda row: row.created_at,
        "created_by": lambda row: row.created_by_name,
        "installed_at": lambda row: row.installed_at,
    },
    exported=lambda asked, _: matching_bundles(asked).iterator(chunk_size=AT_ONCE),
)


class Counts(NamedTuple):
    added: int
    changed: int
    removed: int
    files: int


class Ahead(NamedTuple):
    """What the newest bundle would change in Spinnaker."""

    installed: Bundle
    newest: Bundle
    counts: Counts | None
    """None until a worker has compared bundles as large as these."""

    @property
    def sentence(self) -> str:
        has, other = self.installed.number, self.newest.number
        return f"Spinnaker has bundle {has}; bundle {other} {self.would}."

    @property
    def would(self) -> str:
        if self.counts is None:
            return "is newer"
        counts = zip(self.counts, ("add", "change", "remove"), strict=False)
        some = [(count, verb) for count, verb in counts if count]
        if some:
            *others, (last, verb) = some
            parts = [f"{verb} {count:,}" for count, verb in others]
            return f"would {listed([*parts, f'{verb} {counted(last)}'])}"
        if self.counts.files:
            return "has the same accounts, but different files"
        return "has no changes"

    @property
    def url(self) -> str:
        numbers = (self.newest.number, self.installed.number)
        return reverse("accounts:bundle-since", args=numbers)


def installed_bundle() -> Bundle | None:
    """Find the bundle that Spinnaker has, as far as somebody said so."""
    light = Bundle.objects.light()
    return light.installed().first()


def ahead(installed: Bundle | None) -> Ahead | None:
    """Compare the newest bundle with what Spinnaker has; None: that is the newest, or
    nobody said which it has.
    """
    if installed is None:
        return None
    later = Bundle.objects.built().filter(number__gt=installed.number)
    newest = later.light().first()
    if newest is None:
        return None
    key = f"bundle-changes:{installed.sha256}:{newest.sha256}"
    if remembered := cache.get(key):
        return Ahead(installed, newest, Counts(*remembered))
    counts = counts_of(installed, newest)
    if counts:
        cache.set(key, [*counts], REMEMBERED)
    return Ahead(installed, newest, counts)


def counts_of(earlier: Bundle, later: Bundle) -> Counts | None:
    """Count what changes, where they are small or a worker compared them."""
    comparison = of_two(earlier, later)
    found = (
        changes_found(comparison.question) if comparison.is_large else comparison.make()
    )
    if found is None:
        return None
    accounts, paths = found.excerpt.accounts, found.excerpt.paths
    return Counts(
        added=accounts["create"],
        changed=accounts["update"],
        removed=accounts["delete"],
        files=sum(paths.values()),
    )
