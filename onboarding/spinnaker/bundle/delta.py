"""A delta as a bundle: hal's scripts, over what changed only, and what goes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from onboarding import VERSION
from onboarding.spinnaker.bundle.archive import file_list
from onboarding.spinnaker.bundle.comparison import BundleDelta, Named
from onboarding.spinnaker.bundle.contents import (
    ACCOUNTS,
    LISTS,
    PROVIDERS,
    REMOVED,
    Account,
    BundleAccounts,
    Revision,
)
from onboarding.spinnaker.bundle.file import File
from onboarding.spinnaker.bundle.formats.halyard import SCRIPTS, listing, removed_yml

SHOWN = 50

README = """\
# What changed from bundle {since} to bundle {number}

{summary}

Bowline {version} wrote it. Unpack it over the folder of bundle {since}, and run there,
where `hal` runs:

```sh
{commands}
```

- `hal/apply.sh` touches only the accounts that are new or changed, and so do
  `hal/check.sh` and `hal/remove.sh` from now on. The whole bundle {number} handles all.
{removed}\
- The other files here are those that bundle {number} has new or otherwise; they are
  whole, like `clouddriver/clouddriver-local.yml`.
- If bundle {since} isn't what was applied to hal last, use the whole bundle {number}.
{gone}"""

PRUNED = """\
- `--prune` removes what bundle {number} no longer has. Once that is done,
  `hal/check.sh` prints “all gone” and a digest: with that line you record bundle
  {number} as installed.
"""

GONE = """
Bundle {number} no longer has these files. Delete them once hal has forgotten their
accounts: {paths}.
"""


def delta_files(delta: BundleDelta, later: Revision, *, since: int) -> tuple[File, ...]:
    """Write the delta's bundle, from the later bundle's accounts and files."""
    delta = replace(delta, removed=tuple(to_remove(delta, later)))
    touched = in_order((*delta.added, *delta.changed), later.accounts)
    paths = dict.fromkeys(delta.files)
    files: list[File] = []
    if touched or delta.removed:
        files.append(
            File(ACCOUNTS, changed_accounts_yml(touched, later.accounts.primary))
        )
        files += SCRIPTS
        files += gone_for_hal(delta, later)
        paths |= dict.fromkeys(path for path in later.digests if is_profile(path))
        paths |= dict.fromkeys(
            str(named.account["kubeconfigFile"])
            for named in touched
            if named.provider == "kubernetes"
        )
    own = {file.path for file in files}
    files += later.read([path for path in paths if path not in own])
    text = delta_readme(delta, tuple(paths), since=since, number=later.number)
    return (File("README.md", text), delta_manifest(delta, files, since, later), *files)


def to_remove(delta: BundleDelta, later: Revision) -> Iterator[Named]:
    """Yield what the later bundle lists as removed: the rest stays in Spinnaker. A
    bundle of an older Bowline lists nothing.
    """
    listed = {}
    if REMOVED in later.digests:
        listed = json.loads(later.texts([REMOVED])[REMOVED])
    for named in delta.removed:
        names = {account["name"] for account in listed.get(named.provider, ())}
        if named.name in names or LISTS not in later.digests:
            yield named


def in_order(touched: Iterable[Named], accounts: BundleAccounts) -> list[Named]:
    """Sort as the whole bundle does: hal makes its first account the primary one."""
    places = {
        (provider, account["name"]): place
        for provider in PROVIDERS
        for place, account in enumerate(accounts.of(provider))
    }
    return sorted(touched, key=lambda named: places[named.provider, named.name])


def gone_for_hal(delta: BundleDelta, later: Revision) -> tuple[File, ...]:
    """Take the later bundle's list of what hal is to forget, which check.sh's answer is
    about; a bundle of an older Bowline has none.
    """
    if REMOVED in later.digests:
        return later.read([REMOVED])
    gone = by_provider(delta.removed)
    return (removed_yml(gone),) if delta.removed else ()


def is_profile(path: str) -> bool:
    """Return whether profiles.sh would remove it if it were not there."""
    return path.startswith("hal/profiles/")


def changed_accounts_yml(accounts: Iterable[Named], primary: str) -> str:
    parts = [f'"primary": {json.dumps(primary)}'] + [
        listing(provider, map(dict, chosen))
        for provider, chosen in by_provider(accounts).items()
    ]
    return "{{\n{}\n}}\n".format(",\n".join(parts))


def by_provider(accounts: Iterable[Named]) -> dict[str, list[Account]]:
    found: dict[str, list[Account]] = {provider: [] for provider in PROVIDERS}
    for named in accounts:
        found[named.provider].append(named.account)
    return found


def delta_manifest(
    delta: BundleDelta, files: list[File], since: int, later: Revision
) -> File:
    value = {
        "bowline": VERSION,
        "since": since,
        "number": later.number,
        "added": [named.name for named in delta.added],
        "changed": [named.name for named in delta.changed],
        "removed": [named.name for named in delta.removed],
        "gone": list(delta.gone),
        "files": file_list(files),
    }
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    return File("manifest.json", text)


def delta_readme(
    delta: BundleDelta, paths: tuple[str, ...], *, since: int, number: int
) -> str:
    commands = []
    prune = " --prune" if delta.removed else ""
    if delta.added or delta.changed or delta.removed:
        commands += [f"hal/apply.sh{prune} --dry-run", f"hal/apply.sh{prune}"]
    if any(path.startswith("hal/profiles/") for path in paths):
        commands.append("hal/profiles.sh")
    commands += ["hal/check.sh"] if prune else []
    commands.append("hal deploy apply")
    gone = ", ".join(f"`{path}`" for path in delta.gone[:SHOWN])
    return README.format(
        version=VERSION,
        since=since,
        number=number,
        summary="\n".join(summary(delta)),
        commands="\n".join(commands),
        removed=PRUNED.format(number=number) if delta.removed else "",
        gone=GONE.format(number=number, paths=gone) if gone else "",
    )


def summary(delta: BundleDelta) -> Iterator[str]:
    """Yield a line for each account, up to a bound; manifest.json names all."""
    for verb, accounts in (("Removed", delta.removed), ("Added", delta.added)):
        if accounts:
            names = ", ".join(named.name for named in accounts[:SHOWN])
            yield f"- {verb}: {names}{more(len(accounts))}."
    for altered in delta.changed[:SHOWN]:
        fields = "; ".join(
            f"{field.name} from “{field.before}” to “{field.after}”"
            for field in altered.fields
        )
        yield f"- Changed: {altered.name} ({fields})."
    if len(delta.changed) > SHOWN:
        yield f"- Changed{more(len(delta.changed))}."
    if not (delta.added or delta.changed or delta.removed):
        yield "No account changed; these files did."


def more(count: int) -> str:
    return f" and {count - SHOWN:,} more, in manifest.json" if count > SHOWN else ""
