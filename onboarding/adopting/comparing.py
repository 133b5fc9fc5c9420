"""The readings of one Spinnaker as one: the first source of an account counts, and a
difference between two sources is a finding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from onboarding.adopting.effect import Effect, comparable, effect_of, is_expanded
from onboarding.adopting.sources.kubeconfigs import Clusters
from onboarding.adopting.values import (
    AWS,
    PROVIDERS,
    Account,
    Finding,
    Key,
    Reading,
    SourceKind,
    within,
)

PROFILES_SWITCH = "usemanagingaccountprofile"


@dataclass(frozen=True, slots=True)
class Spinnaker:
    """Everything that the sources say of one Spinnaker."""

    readings: tuple[Reading, ...]
    accounts: tuple[Account, ...]
    settings: Mapping[str, Mapping[str, Any]]
    findings: tuple[Finding, ...]
    effect: Effect
    kubeconfigs: Mapping[str, Clusters] = field(default_factory=dict)
    described: frozenset[Key] = frozenset()
    """Accounts that a file or Clouddriver's database has: of the others, Gate only says
    what is loaded.
    """

    def of_type(self, type_: str) -> tuple[Account, ...]:
        return tuple(one for one in self.accounts if one.type == type_)

    @property
    def has_profiles(self) -> bool:
        """Return whether `managingAccountProfile` counts: one switch is on, or no file
        was read that could have it.
        """
        files = (SourceKind.SPRING, SourceKind.OPERATOR)
        switches = [
            within(one.settings.get(AWS, {}), "loadaccounts", PROFILES_SWITCH)
            for one in self.readings
            if one.kind in files
        ]
        return any(one not in (None, False) for one in switches) or not switches


def combined(
    readings: Sequence[Reading],
    kubeconfigs: Mapping[str, Clusters],
    confirmed: Collection[str] = (),
) -> Spinnaker:
    """Make one Spinnaker of its sources, those first that Spinnaker prefers; the
    confirmed accounts are taken as they are described.
    """
    found: dict[Key, Account] = {}
    for reading in readings:
        for account in reading.accounts:
            found.setdefault(account.key, account)
    settings = next((one.settings for one in readings if one.settings), {})
    findings = [finding for reading in readings for finding in reading.findings]
    order = {type_: place for place, type_ in enumerate(PROVIDERS)}
    accounts = sorted(found.values(), key=lambda one: (order[one.type], one.name))
    described = frozenset(
        account.key
        for one in readings
        if one.kind is not SourceKind.LOADED
        for account in one.accounts
    )
    effect = effect_of(accounts, described, loaded_in(readings), confirmed)
    return Spinnaker(
        tuple(readings),
        effect.accounts,
        settings,
        (*findings, *differences(readings, effect)),
        effect,
        kubeconfigs,
        described,
    )


def loaded_in(readings: Sequence[Reading]) -> Mapping[Key, Account] | None:
    """Return what Gate says is loaded; None where nobody asked."""
    loaded = [one for one in readings if one.kind is SourceKind.LOADED]
    if not loaded:
        return None
    return {account.key: account for one in loaded for account in one.accounts}


def differences(readings: Sequence[Reading], effect: Effect) -> Iterator[Finding]:
    """Yield what two sources say differently."""
    described = [one for one in readings if one.kind is not SourceKind.LOADED]
    loaded = [one for one in readings if one.kind is SourceKind.LOADED]
    for place, first in enumerate(described):
        for second in described[place + 1 :]:
            yield from between(first, second)
    if described and loaded:
        yield from in_effect(described, loaded, effect)
    for reading in loaded:
        if unexpanded := tuple(
            one.name
            for one in reading.accounts
            if one.type == AWS and not is_expanded(one)
        ):
            says = (
                f"{reading.title} says little of these accounts: ask Gate for "
                "/credentials?expand=true."
            )
            yield Finding("not-expanded", says, unexpanded)


def by_key(reading: Reading) -> dict[Key, Account]:
    return {one.key: one for one in reading.accounts}


def between(first: Reading, second: Reading) -> Iterator[Finding]:
    """Compare two descriptions."""
    one, other = by_key(first), by_key(second)
    both = one.keys() & other.keys()
    if first.kind is SourceKind.STORED and both:
        says = (
            "Clouddriver's database and a file both describe these accounts. "
            "Spinnaker uses the database's, and so does this report."
        )
        yield Finding("stored-over-file", says, names(both))
    differing: dict[tuple[str, ...], list[Key]] = {}
    for key in sorted(both):
        fields = unequal(one[key].values, other[key].values)
        if fields:
            differing.setdefault(fields, []).append(key)
    for fields, keys in sorted(differing.items()):
        says = (
            f"{first.title} and {second.title} differ in {', '.join(fields)}. This "
            f"report has what {first.title} says."
        )
        yield Finding("sources-differ", says, names(keys))
    if first.kind is SourceKind.STORED:
        return
    for here, there, missing in (
        (first, second, one.keys() - other.keys()),
        (second, first, other.keys() - one.keys()),
    ):
        if missing:
            says = f"Only {here.title} has these accounts; {there.title} doesn't."
            yield Finding("one-source-only", says, names(missing))


def in_effect(
    described: Sequence[Reading], loaded: Sequence[Reading], effect: Effect
) -> Iterator[Finding]:
    """Say what is described otherwise than Spinnaker works with it."""
    unlike = effect.unlike
    if missing := {key for key, how in unlike.items() if not how.is_loaded}:
        says = (
            "Spinnaker hasn't loaded these accounts, though a file has them. It skips "
            "what it can't read: see Clouddriver's log. Bowline takes each only when "
            "you confirm it."
        )
        yield Finding("not-loaded", says, names(missing))
    wanted = {key for reading in described for key in by_key(reading)}
    working = {key for reading in loaded for key in by_key(reading)}
    types = {key.type for key in wanted}
    if strange := {key for key in working - wanted if key.type in types}:
        says = (
            "Spinnaker has loaded these accounts, and no other source describes them. "
            "Give the source that does."
        )
        yield Finding("only-loaded", says, names(strange))
    differing: dict[tuple[str, ...], set[Key]] = {}
    for key, how in unlike.items():
        if how.is_loaded:
            differing.setdefault(how.fields, set()).add(key)
    for fields, keys in sorted(differing.items()):
        says = (
            f"Spinnaker works with another {', '.join(fields)} than the file says. "
            "Either it wasn't restarted since, or it reads the file differently. "
            "Bowline takes each of these accounts only when you confirm it."
        )
        yield Finding("not-in-effect", says, names(keys))


def unequal(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the fields that differ, roles of Fiat in any case."""
    return tuple(
        name
        for name in sorted(one.keys() | other.keys())
        if comparable(name, one.get(name)) != comparable(name, other.get(name))
    )


def names(keys: Sequence[Key] | set[Key]) -> tuple[str, ...]:
    return tuple(sorted({key.name for key in keys}))
