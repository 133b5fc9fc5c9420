"""What the next bundle would change, and what two that were built differ in."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, Self

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.mapping import snapshots
from accounts.mapping.entries import verified_entries
from accounts.mapping.managing import managing_row
from accounts.models import Bundle, ManagedAccount, Run
from accounts.models.states import OPEN
from accounts.refused import Refused
from accounts.spinnaker.policies_of_others import Group, of_bundle
from accounts.wording import counted, first_of
from onboarding import spinnaker
from onboarding.spinnaker.bundle.archive import File
from onboarding.spinnaker.bundle.comparison import (
    Altered,
    BundleChanges,
    Excerpt,
    Named,
    bundle_changes,
    file_changes,
)
from onboarding.spinnaker.bundle.contents import (
    Account,
    Revision,
    accounts_from,
)
from onboarding.spinnaker.bundle.formats.clouddriver import clouddriver
from onboarding.spinnaker.bundle.formats.halyard import accounts_yml
from onboarding.spinnaker.bundle.formats.kubernetes import kubernetes
from onboarding.spinnaker.entries import Entries
from onboarding.topology import Managing, Topology

MOST_KEPT = 50
"""The most accounts that are named of those kept although they failed or changed."""

MOST_SAID = 10
"""The most accounts that a refusal names."""

READ = ("clouddriver/", "kubernetes/")
"""Where the files are that Spinnaker itself reads. Others say the same in other words,
or are for people.
"""

SOURCE = sorted(Path(spinnaker.__file__).parent.rglob("*.py"))
CODE = sha256(b"".join(file.read_bytes() for file in SOURCE)).hexdigest()
"""Of what writes and compares these files: a newer Bowline may do it otherwise."""

CHANGED = (
    "Bundle {} wasn't built: its changes differ from the preview. Review the updated "
    "changes below."
)


@dataclass(frozen=True, slots=True)
class Failing:
    """An account that is held as it was last proved, although it failed since."""

    account: ManagedAccount
    failed: Run | None
    """The run that found it."""

    @property
    def reason(self) -> str:
        error = self.failed.error if self.failed else None
        return str((error or {}).get("message", ""))


@dataclass(frozen=True, slots=True)
class Changes:
    """As much of a comparison as its page shows; kept as JSON."""

    of: str
    since: int
    """The number of the earlier bundle; 0: there is none."""
    excerpt: Excerpt
    digest: str = ""
    """Of all that accounts lose or have otherwise in the next bundle, shown or not."""

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        read = json.loads(kept["text"])
        return cls(**{**read, "excerpt": Excerpt.from_json(read["excerpt"])})

    def as_json(self) -> dict[str, str]:
        """Write it as text: PostgreSQL would give the fields of accounts, which are
        shown, another order.
        """
        return {"text": json.dumps(asdict(self))}

    @property
    def is_empty(self) -> bool:
        """Return whether Spinnaker would be configured as the last bundle does it."""
        return bool(self.since) and not self.excerpt

    def summary(self, unlike: Unlike | None = None) -> str:
        since = f"Compared with bundle {self.since}" if self.since else FIRST
        said = self.excerpt.sentence
        if self.since and not any(self.excerpt.accounts.values()) and self.excerpt:
            said += ", and other files differ"
        if unlike and unlike.added_count:
            said += (
                f", {unlike.added_count:,} of the AWS accounts added despite a failed "
                "verification"
            )
        if unlike and unlike.kept_count:
            said += f", {unlike.kept_count:,} kept despite a failed verification"
        return f"{since}: {said}."


FIRST = "The first bundle"


@dataclass(frozen=True, slots=True)
class Unlike:
    """What the next bundle holds otherwise than it is now, or leaves out."""

    kept: tuple[Failing, ...]
    """What the last bundle holds already, and failed since."""
    kept_count: int
    added: tuple[Failing, ...]
    """What the last bundle does not hold, and is broken: a person decides."""
    added_count: int
    edited: tuple[ManagedAccount, ...]
    """What is held without its last edit, which is not proved yet."""
    edited_more: int
    """How many of them are not named."""
    removed: tuple[Run, ...]
    """Open removals from AWS of what it holds: at most MOST_KEPT."""
    excluded: tuple[ManagedAccount, ...]
    """What people removed from bundles."""
    others: list[Group]
    """Policies of others in what it holds, and in the managing account."""

    @property
    def kept_more(self) -> int:
        return self.kept_count - len(self.kept)

    @property
    def added_more(self) -> int:
        return self.added_count - len(self.added)


def unlike_now() -> Unlike:
    kept, added = broken()
    # The database asks in this order, and few are edited.
    edited = ManagedAccount.objects.edited().ready()
    removals = Run.objects.filter(kind=Run.Kind.REMOVE, status__in=OPEN)
    removed = removals.filter(account__in=ManagedAccount.objects.ready())
    excluded = ManagedAccount.objects.filter(excluded_at__isnull=False)
    kept_named, added_named = tuple(with_failures(kept)), tuple(with_failures(added))
    edited_named = tuple(edited.defer("verified").order_by("name")[:MOST_KEPT])
    return Unlike(
        kept=kept_named,
        kept_count=count_of(kept, len(kept_named)),
        added=added_named,
        added_count=count_of(added, len(added_named)),
        edited=edited_named,
        edited_more=count_of(edited, len(edited_named)) - len(edited_named),
        removed=tuple(removed.defer("entries").order_by("number")[:MOST_KEPT]),
        excluded=tuple(excluded.defer("verified").order_by("name")),
        others=of_bundle(ManagedAccount.objects.ready()),
    )


def broken() -> tuple[QuerySet[ManagedAccount], QuerySet[ManagedAccount]]:
    """Return the broken accounts that the last bundle holds, and those that the next
    one would add.
    """
    failing = ManagedAccount.objects.broken_in_bundles()
    last = Bundle.objects.built().values("pk")[:1]
    held_by_last = Bundle.accounts.through.objects.filter(
        bundle__in=Subquery(last), managedaccount=OuterRef("pk")
    )
    return failing.filter(Exists(held_by_last)), failing.exclude(Exists(held_by_last))


EVERY = "*"
"""Said instead of the names of all broken accounts."""


class Undecided(Refused, ValueError):
    """Nobody decided about broken accounts that the next bundle would add."""

    code = "BROKEN_ACCOUNTS"
    at = "body.add_broken"

    def __init__(self, names: list[str]) -> None:
        said = first_of(names, MOST_SAID)
        super().__init__(
            "The last verification of these accounts failed, and the last bundle "
            f"doesn't include them: {said}. For each account, choose whether to add it "
            "despite the failed verification or exclude it."
        )


def decided(add_broken: Collection[str]) -> list[str]:
    """Name the broken accounts that the next bundle adds; raise Undecided where a
    person did not name them.
    """
    _, added = broken()
    names = list(added.order_by("name").values_list("name", flat=True))
    undecided = [name for name in names if name not in add_broken]
    if undecided and EVERY not in add_broken:
        raise Undecided(undecided)
    return names


def count_of(accounts: QuerySet[ManagedAccount], named: int) -> int:
    """Count them, unless all are named."""
    return accounts.count() if named == MOST_KEPT else named


class NextBundle(NamedTuple):
    """What differs from the last bundle that was built: all of it, and what of that is
    kept and shown.
    """

    whole: BundleChanges
    """Of the accounts, and of the files that Spinnaker itself reads."""
    changes: Changes


def next_bundle() -> NextBundle:
    """Compare what would be built now with the last bundle; raise NoManagingAccount."""
    last = Bundle.objects.built().first()
    managing = snapshots.in_force(managing_row())
    rows = list(held().only("name", "verified", "entries_digest"))
    entries = verified_entries(managing, rows)
    files = {file.path: file for file in files_read(managing, entries)}
    after = Revision(
        accounts=accounts_from(accounts_yml(Topology(managing, ()), entries)),
        digests={
            path: sha256(file.content).hexdigest() for path, file in files.items()
        },
        texts=lambda paths: {path: files[path].text for path in paths},
        account_ids=lambda: {row.verified["managed"]["account_id"] for row in rows},
    )
    before = last.revision if last else Revision()
    read = {k: v for k, v in before.digests.items() if k.startswith(READ)}
    before = replace(before, digests=read)
    found = bundle_changes(before, after)
    of = comparison_digest(
        (last.number, last.sha256) if last else None,
        repr(managing),
        [(row.name, row.entries_digest) for row in rows],
    )
    excerpt = Excerpt.of(found, before, after)
    return NextBundle(found, Changes(of, before.number, excerpt, lost(found, before)))


def lost(found: BundleChanges, before: Revision) -> str:
    """Sum up what accounts that Spinnaker may have lose or have otherwise. What is
    added takes nothing from anybody, and may be more each minute: it is in the same
    files as all others.
    """
    changed = [(one.provider, one.name, one.fields) for one in found.changed]
    removed = [(one.provider, one.name) for one in found.removed]
    files = () if found.added else tuple(found.files)
    said = json.dumps([before.number, changed, removed, files])
    return sha256(said.encode()).hexdigest()


def compared_now() -> str:
    """Sum up what `next_bundle` would compare, in a fraction of its time: the digest is
    another one whenever its result could be; raise NoManagingAccount.
    """
    return comparison_digest(
        Bundle.objects.built().values_list("number", "sha256").first(),
        repr(snapshots.in_force(managing_row())),
        list(held().values_list("name", "entries_digest")),
    )


def held() -> QuerySet[ManagedAccount]:
    return ManagedAccount.objects.ready().order_by("name")


def comparison_digest(*compared: object) -> str:
    """Sum up what is compared, and how."""
    return sha256(json.dumps([CODE, *compared]).encode()).hexdigest()


def files_read(managing: Managing, entries: Entries) -> list[File]:
    """Write the files that Spinnaker itself would read of that bundle."""
    topology = Topology(managing, ())
    return [*clouddriver(topology, entries), *kubernetes(topology, entries)]


def with_failures(accounts: QuerySet[ManagedAccount]) -> Iterator[Failing]:
    """Return the first ones by name, each with the last run that ended in an error."""
    ended = Run.objects.filter(account=OuterRef("pk"), error__isnull=False)
    last = Subquery(ended.order_by("-created_at").values("pk")[:1])
    rows = list(
        accounts.defer("verified").order_by("name").annotate(failed=last)[:MOST_KEPT]
    )
    runs = Run.objects.in_bulk([row.failed for row in rows if row.failed])
    return (Failing(row, runs.get(row.failed)) for row in rows)


def changes_between(digests: tuple[str, ...]) -> Changes:
    """Compare the bundles with these SHA-256, the earlier one first.

    Raise DoesNotExist where one was deleted meanwhile.
    """
    earlier, later = (bundle_of(digest).revision for digest in digests)
    excerpt = Excerpt.of(bundle_changes(earlier, later), earlier, later)
    return Changes(comparison_digest(*digests), earlier.number, excerpt)


def bundle_of(digest: str) -> Bundle:
    """Fetch a bundle by its zip; of several with the same zip any one does."""
    return Bundle.objects.built().filter(sha256=digest).latest("number")


def counted_since_last(
    bundle: Bundle, archive: bytes, files: list[dict[str, Any]]
) -> dict[str, int]:
    """Count what differs from the bundle before it, for lists of bundles."""
    last = Bundle.objects.built().filter(number__lt=bundle.number).first()
    before = last.revision if last else Revision()
    found = bundle_changes(
        before, Bundle(number=0, archive=archive, files=files).revision
    )
    return {
        "since": before.number,
        **{verb: len(accounts) for verb, accounts in found.by_verb.items()},
        "files": len(found.files),
    }


def files_in_words(bundle: Bundle) -> str:
    """Say how many files differ from the bundle before it; of those that Spinnaker
    reads, as its preview counted them.
    """
    counts = bundle.changes or {"since": 0, "files": 0}
    before = Bundle.objects.built().filter(number=counts["since"])
    last = before.only("number", "files").first()
    if last is None:
        return f"{counts['files']:,}"
    found = file_changes(last.digests, bundle.digests)
    read = sum(path.startswith(READ) for path in found)
    return f"{read:,} that Spinnaker reads, {counted(len(found) - read, 'other')}"


def two(number: int, since: int) -> tuple[Bundle, Bundle]:
    """Fetch the earlier and the later bundle; 404 unless ready and in order."""
    if since >= number:
        raise Http404
    built = Bundle.objects.built().light()
    later = get_object_or_404(built, number=number)
    return get_object_or_404(built, number=since), later


def sides(verb: str, one: Named) -> tuple[Account | None, Account | None]:
    """Return how the earlier and the later bundle describe it."""
    if verb == "delete":
        return one.account, None
    return one.before if isinstance(one, Altered) else None, one.account
