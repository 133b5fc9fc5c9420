"""What the next bundle would change compared with the last one, before it is built."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.mapping import snapshots
from accounts.mapping.managing import managing_row
from accounts.mapping.proved import proved_entries
from accounts.models import Bundle, ManagedAccount, Run
from onboarding.spinnaker.bundle.comparison import BundleDelta, Digests, delta
from onboarding.spinnaker.bundle.contents import (
    BundleAccounts,
    accounts_from,
    accounts_in,
)
from onboarding.spinnaker.bundle.file import File
from onboarding.spinnaker.bundle.formats.clouddriver import clouddriver
from onboarding.spinnaker.bundle.formats.halyard import accounts_yml
from onboarding.spinnaker.bundle.formats.kubernetes import kubernetes
from onboarding.spinnaker.entries import Entries
from onboarding.topology import Managing, Topology

MOST_KEPT = 50
"""The most accounts that are named of those kept although they failed or changed."""

READ = ("clouddriver/", "kubernetes/")
"""Where the files are that Spinnaker itself reads. Others say the same in other words,
or are for people.
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """An account that stays as it was last proved, although it failed since."""

    account: ManagedAccount
    failed: Run | None
    """The run that found it."""

    @property
    def reason(self) -> str:
        error = self.failed.error if self.failed else None
        return str((error or {}).get("message", ""))


@dataclass(frozen=True, slots=True)
class NextBundle:
    """The next bundle compared with the last one that was built."""

    last: Bundle | None
    delta: BundleDelta
    """Of the accounts, and of the files that Spinnaker itself reads."""
    kept: tuple[Kept, ...]
    kept_count: int
    edited: tuple[ManagedAccount, ...]
    """What is held without its last edit, which is not proved yet."""
    edited_more: int
    """How many of them are not named."""
    left_out: tuple[ManagedAccount, ...]
    """What people removed from bundles."""
    texts: Mapping[str, str]
    """The files that Spinnaker itself would read, by their path."""

    @property
    def digest(self) -> str:
        """Sum up what accounts that Spinnaker may have lose or have otherwise. What is
        added takes nothing from anybody, and may be more each minute: it is in the same
        files as all others.
        """
        changed = [(one.provider, one.name, one.fields) for one in self.delta.changed]
        removed = [(one.provider, one.name) for one in self.delta.removed]
        files = () if self.delta.added else self.delta.files + self.delta.gone
        since = self.last.number if self.last else 0
        return sha256(json.dumps([since, changed, removed, files]).encode()).hexdigest()

    @property
    def summary(self) -> str:
        last, found = self.last, self.delta
        since = f"Compared with bundle {last.number}" if last else "The first bundle"
        counts = (len(found.added), len(found.changed), len(found.removed))
        said = "{:,} added, {:,} changed, {:,} removed".format(*counts)
        if last and not any(counts) and found:
            said += ", and other files differ"
        if self.kept_count:
            said += f", {self.kept_count:,} kept despite a failed verification"
        return f"{since}: {said}."


def next_bundle() -> NextBundle:
    """Compare what would be built now with the last bundle; raise NoManagingAccount."""
    last = Bundle.objects.built().first()
    before = accounts_in(last.archive) if last else BundleAccounts()
    managing = snapshots.in_force(managing_row())
    entries = next_entries(managing)
    after = accounts_from(accounts_yml(Topology(managing, ()), entries))
    was = {file["path"]: file["sha256"] for file in last.files} if last else {}
    files = files_read(managing, entries)
    now = {file.path: sha256(file.content).hexdigest() for file in files}
    failing = ManagedAccount.objects.kept_in_bundles()
    edited = ManagedAccount.objects.ready().edited()
    left_out = ManagedAccount.objects.filter(left_out_at__isnull=False)
    return NextBundle(
        last=last,
        delta=delta(before, after, read_by_spinnaker(was), now),
        kept=tuple(with_failures(failing)),
        kept_count=failing.count(),
        edited=tuple(edited.order_by("name")[:MOST_KEPT]),
        edited_more=max(edited.count() - MOST_KEPT, 0),
        left_out=tuple(left_out.order_by("name")),
        texts={file.path: file.text for file in files},
    )


def next_entries(managing: Managing) -> Entries:
    """Return what a bundle that is built now would hold for Spinnaker."""
    rows = ManagedAccount.objects.ready().order_by("name").only("proved")
    return proved_entries(managing, rows)


def read_by_spinnaker(was: Digests) -> Digests:
    return {path: digest for path, digest in was.items() if path.startswith(READ)}


def files_read(managing: Managing, entries: Entries) -> list[File]:
    """Write the files that Spinnaker itself would read of that bundle."""
    topology = Topology(managing, ())
    return [*clouddriver(topology, entries), *kubernetes(topology, entries)]


def with_failures(accounts: QuerySet[ManagedAccount]) -> Iterator[Kept]:
    """Return the first ones by name, each with the last run that ended in an error."""
    ended = Run.objects.filter(account=OuterRef("pk"), error__isnull=False)
    last = Subquery(ended.order_by("-created_at").values("pk")[:1])
    rows = list(accounts.order_by("name").annotate(failed=last)[:MOST_KEPT])
    runs = Run.objects.in_bulk([row.failed for row in rows if row.failed])
    return (Kept(row, runs.get(row.failed)) for row in rows)
