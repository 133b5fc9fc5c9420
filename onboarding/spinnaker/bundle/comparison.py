"""Two revisions of a bundle compared: accounts added, removed, and changed by field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from onboarding.carried.table import AWS_ROWS, ECS_ROWS, KUBERNETES_ROWS, TAKEN
from onboarding.resources.entry_changes import ANYWHERE, EVERYONE
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
        for which, sentence in EVERYONE.items():
            if was.get(which.upper()) and not now.get(which.upper()):
                yield sentence
        if self.before.get("namespaces") and not self.account.get("namespaces"):
            yield ANYWHERE


@dataclass(frozen=True, slots=True)
class BundleChanges:
    """What changed from one revision to a later one."""

    added: tuple[Named, ...] = ()
    removed: tuple[Named, ...] = ()
    changed: tuple[Altered, ...] = ()
    files: tuple[str, ...] = ()
    """Other files that are new or have other content."""
    gone: tuple[str, ...] = ()
    new: frozenset[str] = frozenset()
    """Those of the files that the earlier revision has not."""


def bundle_changes(before: Revision, after: Revision) -> BundleChanges:
    """Compare two revisions by their accounts and the digests of their files."""
    was, now = before.digests, after.digests
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
        files=tuple(others(path for path in now if was.get(path) != now[path])),
        gone=tuple(others(path for path in was if path not in now)),
        new=frozenset(path for path in now if path not in was),
    )


def others(paths: Iterable[str]) -> Iterator[str]:
    return (path for path in paths if path not in ALWAYS_OTHER)


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
