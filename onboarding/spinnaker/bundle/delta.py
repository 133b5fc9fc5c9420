"""A delta as a bundle: the later revision's own scripts, over what changed only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from onboarding.spinnaker.bundle.archive import file_list
from onboarding.spinnaker.bundle.comparison import BundleDelta, Named
from onboarding.spinnaker.bundle.contents import (
    ACCOUNTS,
    PROVIDERS,
    BundleAccounts,
    files_in,
)
from onboarding.spinnaker.bundle.file import File
from onboarding.spinnaker.bundle.formats.halyard import listing

REMOVED = "removed"
SHOWN = 50

README = """\
# What changed from bundle {since} to bundle {number}

{summary}

Unpack it over the folder of bundle {since}, and run there, where `hal` runs:

```sh
{commands}
```

- `hal/apply.sh` touches only the accounts that are new or changed, and so do
  `hal/check.sh` and `hal/remove.sh` from now on. The whole bundle {number} handles all.
- The other files here are those that bundle {number} has new or otherwise; they are
  whole, like `clouddriver/clouddriver-local.yml`.
- If bundle {since} is not what was applied to hal last, use the whole bundle {number}.
{gone}"""

GONE = """
Bundle {number} no longer has these files. Delete them once hal has forgotten their
accounts: {paths}.
"""


@dataclass(frozen=True, slots=True)
class Later:
    """The later of the two bundles."""

    number: int
    accounts: BundleAccounts
    paths: tuple[str, ...]
    archive: bytes | memoryview


def delta_files(delta: BundleDelta, later: Later, *, since: int) -> tuple[File, ...]:
    """Write the delta's bundle, from the later bundle's accounts and zip."""
    touched = in_order((*delta.added, *delta.changed), later.accounts)
    scripts = [path for path in later.paths if is_script(path)]
    paths = dict.fromkeys(delta.files)
    files: list[File] = []
    if touched:
        files.append(
            File(ACCOUNTS, changed_accounts_yml(touched, later.accounts.primary))
        )
        paths |= dict.fromkeys(scripts)
        paths |= dict.fromkeys(
            str(named.account["kubeconfigFile"])
            for named in touched
            if named.provider == "kubernetes"
        )
    files += files_in(later.archive, paths)
    if delta.removed:
        files.append(
            File(f"{REMOVED}/{ACCOUNTS}", changed_accounts_yml(delta.removed, ""))
        )
        files += (
            replace(file, path=f"{REMOVED}/{file.path}")
            for file in files_in(later.archive, scripts)
            if file.path == "hal/remove.sh" or file.path.startswith("hal/bowline/")
        )
    text = delta_readme(delta, tuple(paths), since=since, number=later.number)
    return (File("README.md", text), delta_manifest(delta, files, since, later), *files)


def in_order(touched: Iterable[Named], accounts: BundleAccounts) -> list[Named]:
    """Sort as the whole bundle does: hal makes its first account the primary one."""
    places = {
        (provider, account["name"]): place
        for provider in PROVIDERS
        for place, account in enumerate(accounts.of(provider))
    }
    return sorted(touched, key=lambda named: places[named.provider, named.name])


def is_script(path: str) -> bool:
    """Return whether hal's scripts need the path in addition to their accounts."""
    return path.startswith("hal/") and path != ACCOUNTS


def changed_accounts_yml(accounts: Iterable[Named], primary: str) -> str:
    by_provider: dict[str, list[Named]] = {provider: [] for provider in PROVIDERS}
    for named in accounts:
        by_provider[named.provider].append(named)
    parts = [f'"primary": {json.dumps(primary)}'] + [
        listing(provider, (dict(named.account) for named in chosen))
        for provider, chosen in by_provider.items()
    ]
    return "{{\n{}\n}}\n".format(",\n".join(parts))


def delta_manifest(
    delta: BundleDelta, files: list[File], since: int, later: Later
) -> File:
    value = {
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
    if delta.removed:
        commands.append(f"{REMOVED}/hal/remove.sh    # asks first")
    if delta.added or delta.changed:
        commands += ["hal/apply.sh --dry-run", "hal/apply.sh"]
    if any(path.startswith("hal/profiles/") for path in paths):
        commands.append("hal/profiles.sh")
    commands.append("hal deploy apply")
    gone = ", ".join(f"`{path}`" for path in delta.gone[:SHOWN])
    return README.format(
        since=since,
        number=number,
        summary="\n".join(summary(delta)),
        commands="\n".join(commands),
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
