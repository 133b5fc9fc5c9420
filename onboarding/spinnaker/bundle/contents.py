"""A bundle read back from its zip: the accounts that it holds for Spinnaker, and what
else two of them are compared by.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Self, TypeAlias

ACCOUNTS = "hal/accounts.yml"
REMOVED = "hal/removed.yml"
"""What earlier bundles had and this one has not; missing where that is nothing."""
MANIFEST = "manifest.json"
PROVIDERS = ("aws", "ecs", "kubernetes")


class BadArchive(ValueError):
    """What was kept as a bundle's zip is none that Bowline wrote."""


Account: TypeAlias = Mapping[str, Any]
"""An account in the words of hal's config."""

Digests: TypeAlias = Mapping[str, str]
"""Each file's path and SHA-256."""


@dataclass(frozen=True, slots=True)
class BundleAccounts:
    """The accounts of a bundle; the primary one is the managing account's, if any."""

    primary: str = ""
    aws: tuple[Account, ...] = ()
    ecs: tuple[Account, ...] = ()
    kubernetes: tuple[Account, ...] = ()

    def of(self, provider: str) -> tuple[Account, ...]:
        accounts: tuple[Account, ...] = getattr(self, provider)
        return accounts

    def without(self, names: Collection[str]) -> BundleAccounts:
        """Leave the accounts with these names out."""

        def rest(provider: str) -> tuple[Account, ...]:
            return tuple(a for a in self.of(provider) if a["name"] not in names)

        aws, ecs, kubernetes = map(rest, PROVIDERS)
        return replace(self, aws=aws, ecs=ecs, kubernetes=kubernetes)

    def placed(self, folder: str) -> BundleAccounts:
        """Name kubeconfigs by where the bundle is unpacked."""
        start = folder.rstrip("/")
        clusters = (
            {**account, "kubeconfigFile": f"{start}/{account['kubeconfigFile']}"}
            for account in self.kubernetes
        )
        return replace(self, kubernetes=tuple(clusters))


def no_texts(paths: Iterable[str]) -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Revision:
    """What Spinnaker is to know at one time: a bundle has it, or the next one would.
    Without anything it is what there was before the first bundle.
    """

    number: int = 0
    accounts: BundleAccounts = BundleAccounts()
    digests: Digests = field(default_factory=dict)
    texts: Callable[[Iterable[str]], dict[str, str]] = no_texts
    """Reads some of its files, by path."""
    account_ids: Callable[[], Collection[str]] = frozenset
    """Reads those of its AWS accounts."""

    @classmethod
    def zipped(cls, number: int, archive: bytes | memoryview, digests: Digests) -> Self:
        """Read the accounts of a bundle; of the rest, only what is asked for."""
        return cls(
            number,
            accounts_in(archive),
            digests,
            partial(texts_in, archive),
            partial(aws_accounts_in, archive),
        )


def accounts_from(text: str) -> BundleAccounts:
    """Read accounts.yml, which is JSON; raise BadArchive where it is not."""
    try:
        read = json.loads(text)
        lists = {provider: tuple(read[provider]) for provider in PROVIDERS}
        return BundleAccounts(read["primary"], **lists)
    except (ValueError, TypeError, KeyError) as error:
        raise BadArchive(f"The bundle's {ACCOUNTS} can't be read.") from error


def ever_in(archive: bytes | memoryview) -> BundleAccounts:
    """Read what the bundle has, and what bundles before it had."""
    now = accounts_in(archive)
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        if REMOVED not in files.namelist():
            return now
    gone = json.loads(text_in(archive, REMOVED))
    both = {provider: (*now.of(provider), *gone[provider]) for provider in PROVIDERS}
    return BundleAccounts(now.primary, **both)


def accounts_in(archive: bytes | memoryview) -> BundleAccounts:
    return accounts_from(text_in(archive, ACCOUNTS))


def aws_accounts_in(archive: bytes | memoryview) -> frozenset[str]:
    """Read the ids of its AWS accounts, clusters' ones included."""
    try:
        accounts = json.loads(text_in(archive, MANIFEST))["accounts"]
        return frozenset(account["account_id"] for account in accounts)
    except (ValueError, TypeError, KeyError) as error:
        raise BadArchive(f"The bundle's {MANIFEST} can't be read.") from error


def text_in(archive: bytes | memoryview, path: str) -> str:
    """Read one file out of the zip; raise BadArchive where it cannot be."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            return files.read(path).decode()
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError) as error:
        raise BadArchive(f"{path} can't be read out of the bundle's zip.") from error


def texts_in(archive: bytes | memoryview, paths: Iterable[str]) -> dict[str, str]:
    """Read some files out of the zip, in the order of their paths as given."""
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        return {path: files.read(path).decode() for path in paths}
