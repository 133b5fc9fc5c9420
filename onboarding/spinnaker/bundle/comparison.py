"""Two revisions of a bundle compared: accounts added, removed, and changed; as
much of it as a page shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple, Self

from onboarding.carried.table import AWS_ROWS, ECS_ROWS, KUBERNETES_ROWS, TAKEN
from onboarding.names import counted
from onboarding.resources.entry_changes import ANYWHERE, OPEN_TO_ALL
from onboarding.spinnaker.bundle.contents import (
    ACCOUNTS,
    PROVIDERS,
    REMOVED,
    Account,
    Revision,
)

LABELS = {
    row.name: row.label or row.name
    for row in (*ECS_ROWS, *KUBERNETES_ROWS, *AWS_ROWS)
    if row.treatment is TAKEN
}
ALWAYS_OTHER = {ACCOUNTS, REMOVED, "README.md", "manifest.json"}
"""Files that differ with every account, and are compared by what they say."""


class Field(NamedTuple):
    """What an account says otherwise; empty where it says nothing."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Named:
    """An account of one revision, by provider."""

    provider: str
    account: Account

    @property
    def name(self) -> str:
        return str(self.account["name"])


@dataclass(frozen=True, slots=True)
class Altered(Named):
    """An account of both revisions, as it is in the later one."""

    fields: tuple[Field, ...]
    before: Account

    @property
    def risks(self) -> Iterator[str]:
        """Yield what opens to more people or places than before."""
        was, now = (one.get("permissions", {}) for one in (self.before, self.account))
        if any(was.values()) and not any(now.values()):
            yield OPEN_TO_ALL
        if self.before.get("namespaces") and not self.account.get("namespaces"):
            yield ANYWHERE


@dataclass(frozen=True, slots=True)
class BundleChanges:
    """What changed from one revision to a later one."""

    added: tuple[Named, ...] = ()
    removed: tuple[Named, ...] = ()
    changed: tuple[Altered, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    """What became of other files, by path: a verb of DONE."""

    @property
    def by_verb(self) -> dict[str, tuple[Named, ...]]:
        return {"create": self.added, "update": self.changed, "delete": self.removed}


def bundle_changes(before: Revision, after: Revision) -> BundleChanges:
    """Compare two revisions by their accounts and the digests of their files."""
    added: list[Named] = []
    removed: list[Named] = []
    changed: list[Altered] = []
    for provider in PROVIDERS:
        old = {account["name"]: account for account in before.accounts.of(provider)}
        for account in after.accounts.of(provider):
            known = old.pop(account["name"], None)
            if known is None:
                added.append(Named(provider, account))
            elif known != account:
                differ = tuple(fields(known, account))
                changed.append(Altered(provider, account, differ, known))
        removed += (Named(provider, account) for account in old.values())
    return BundleChanges(
        added=tuple(added),
        removed=tuple(removed),
        changed=tuple(changed),
        files=file_changes(before.digests, after.digests),
    )


def file_changes(was: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """Compare files by their digests, but for those that always differ; return a verb
    of DONE by path.
    """
    return {
        path: "create" if path not in was else "update" if path in now else "delete"
        for path in dict.fromkeys([*now, *was])
        if path not in ALWAYS_OTHER and was.get(path) != now.get(path)
    }


def fields(before: Account, after: Account) -> Iterator[Field]:
    for key in dict.fromkeys([*before, *after]):
        if before.get(key) != after.get(key):
            label = LABELS.get(key, key)
            yield Field(
                label, value_in_words(before.get(key)), value_in_words(after.get(key))
            )


def value_in_words(value: Any) -> str:
    """Say a value of hal's config in one line."""
    if isinstance(value, Mapping):
        if set(value) == {"name"}:
            return str(value["name"])
        return "; ".join(
            f"{key}: {value_in_words(inner)}" for key, inner in value.items()
        )
    if isinstance(value, list | tuple):
        return ", ".join(value_in_words(item) for item in value)
    if isinstance(value, bool):
        return "on" if value else "off"
    return "" if value is None else str(value)


MOST_ACCOUNTS = 500
"""The most of each verb that are shown, those first that open to more people or
places.
"""

MOST_FILES = 50
MOST_CHARACTERS = 200_000
"""Of this many files, and of files as long as this, the lines are compared."""

DONE = {"create": "added", "update": "changed", "delete": "removed"}


class ChangedFile(NamedTuple):
    """A file of one revision or of both."""

    path: str
    verb: str
    before: str | None
    after: str | None
    digest: str
    """Of both texts."""
    is_long: bool = False
    """Too long for its lines to be compared: both texts are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    added: tuple[Named, ...] = ()
    removed: tuple[Named, ...] = ()
    changed: tuple[Altered, ...] = ()
    accounts: Mapping[str, int]
    """How many there are of each verb, shown or not."""
    providers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """How many of them of each provider, by verb."""
    aws: Mapping[str, int] = field(default_factory=dict)
    """How many AWS accounts come and go with them."""
    files: tuple[ChangedFile, ...] = ()
    paths: Mapping[str, int]
    """How many files there are of each verb, shown or not."""

    def __bool__(self) -> bool:
        return any(self.accounts.values()) or any(self.paths.values())

    @property
    def accounts_excluded(self) -> int:
        shown = (*self.added, *self.removed, *self.changed)
        return sum(self.accounts.values()) - len(shown)

    @property
    def sentence(self) -> str:
        """Say what comes, changes and goes, AWS accounts apart from Spinnaker's."""
        parts = [self.count_of(verb) for verb in DONE if self.accounts.get(verb)]
        return ", ".join(parts) or "no account added, changed or removed"

    def count_of(self, verb: str) -> str:
        kinds = self.providers.get(verb, {})
        which = "".join(kinds)
        if len(kinds) > 1:
            which = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
        total = counted(self.accounts[verb], "Spinnaker account")
        whole = self.aws.get(verb, 0)
        if not whole:
            return f"{total} {DONE[verb]} ({which})"
        said = f"{counted(whole, 'AWS account')} {DONE[verb]}"
        return said if kinds == {"aws": whole} else f"{said} ({total}: {which})"

    @classmethod
    def of(cls, found: BundleChanges, before: Revision, after: Revision) -> Self:
        """Take it of what differs between these two."""
        verbs, by_verb = found.files, found.by_verb
        paths = sorted(verbs)[:MOST_FILES]
        was_in, is_in = {*before.account_ids()}, {*after.account_ids()}
        was = before.texts([path for path in paths if verbs[path] != "create"])
        now = after.texts([path for path in paths if verbs[path] != "delete"])
        risky_first = sorted(found.changed, key=lambda one: not any(one.risks))
        return cls(
            added=found.added[:MOST_ACCOUNTS],
            removed=found.removed[:MOST_ACCOUNTS],
            changed=tuple(risky_first)[:MOST_ACCOUNTS],
            accounts={verb: len(named) for verb, named in by_verb.items()},
            providers={
                verb: dict(Counter(one.provider for one in named))
                for verb, named in by_verb.items()
            },
            aws={
                "create": len(is_in - was_in),
                "delete": len(was_in - is_in),
            },
            files=tuple(
                changed_file(path, verbs[path], was.get(path), now.get(path))
                for path in paths
            ),
            paths=dict(Counter(verbs.values())),
        )

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Read back what `asdict` gave, once it has been JSON."""
        altered = (
            {**one, "fields": tuple(Field(*field) for field in one["fields"])}
            for one in kept["changed"]
        )
        return cls(
            added=tuple(Named(**one) for one in kept["added"]),
            removed=tuple(Named(**one) for one in kept["removed"]),
            changed=tuple(Altered(**one) for one in altered),
            accounts=kept["accounts"],
            providers=kept["providers"],
            aws=kept["aws"],
            files=tuple(ChangedFile(*one) for one in kept["files"]),
            paths=kept["paths"],
        )


def changed_file(
    path: str, verb: str, before: str | None, after: str | None
) -> ChangedFile:
    found = sha256(repr((before, after)).encode()).hexdigest()
    if any(text and len(text) > MOST_CHARACTERS for text in (before, after)):
        return ChangedFile(path, verb, None, None, found, is_long=True)
    return ChangedFile(path, verb, before, after, found)
