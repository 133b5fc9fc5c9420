"""Accounts of a bundle that differ in names and ids only, so one is read for all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from accounts.spinnaker.two_bundles import sides
from onboarding.spinnaker.bundle.comparison import LABELS, Altered, Named
from onboarding.spinnaker.bundle.contents import Account

LEAST = 3
"""Fewer than this are shown one by one: a group of two saves nobody anything."""

OWN = ("accountId", "awsAccount", "externalId")
"""What each account has as its own, besides what is made of its name."""


class Alike(NamedTuple):
    verb: str
    accounts: tuple[Named, ...]

    @property
    def first(self) -> Named:
        return self.accounts[0]


def grouped(verb: str, accounts: Iterable[Named]) -> Iterator[Alike]:
    """Group them by what they say, in the order of the first ones."""
    found: dict[str, list[Named]] = {}
    for one in accounts:
        found.setdefault(said_by(verb, one), []).append(one)
    for same in found.values():
        if len(same) < LEAST:
            yield from (Alike(verb, (one,)) for one in same)
        else:
            yield Alike(verb, tuple(same))


def said_by(verb: str, one: Named) -> str:
    """Write what an account says, or how that changes, without its name and ids."""
    before, after = sides(verb, one)
    changed = [
        key for key in OWN if before and after and before.get(key) != after.get(key)
    ]
    return json.dumps([one.provider, nameless(before), nameless(after), changed])


def nameless(account: Account | None) -> dict[str, Any] | None:
    if account is None:
        return None
    name, number = account["name"], account.get("accountId")
    made = {
        "context": name,
        "kubeconfigFile": f"kubernetes/{name}/kubeconfig.yml",
        "name": name,
    }
    said = {
        key: "" if key in OWN or made.get(key) == value else value
        for key, value in account.items()
    }
    if number and "assumeRole" in said:
        said["assumeRole"] = str(said["assumeRole"]).replace(f"::{number}:", "::")
    return said


def own_of(one: Named) -> Iterator[str]:
    """Say what is an account's own, before and after where that changes."""
    before = one.before if isinstance(one, Altered) else one.account
    for key in OWN:
        was, now = before.get(key, ""), one.account.get(key, "")
        if was != now:
            yield f"{LABELS[key]}: {was or 'none'} → {now or 'none'}"
        elif now:
            yield f"{LABELS[key]}: {now}"
