"""The readings of one Spinnaker as one: the first source of an account counts,
a difference between two is a finding, and what Gate says that Spinnaker has
loaded decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from onboarding.adopting.sources.kubeconfigs import Clusters
from onboarding.adopting.values import (
    AWS,
    PROVIDERS,
    Account,
    Finding,
    Key,
    Reading,
    SourceKind,
    value_as_text,
    within,
)
from onboarding.carried.table import BY_NAME, KINDS, REPORTED, named
from onboarding.names import short

MATTERS = {kind: named(kind, REPORTED) for kind in KINDS}
"""What Gate's list of loaded accounts says as it was configured."""
LONGEST = 100
"""Of a value in a sentence."""
FROM_GATE = "The file leaves it open, and Gate says what Spinnaker has."
LAMBDA_STAYS = (
    "Spinnaker has Lambda on for it, so it is taken with Lambda: without, Spinnaker "
    "would call what its role no longer allows."
)
NOT_LOADED = "Spinnaker hasn't loaded it, though {} has it."
DIFFERS = "Spinnaker works with other values than {} has: {}."
UNTIL = "It is left until you confirm it."


@dataclass(frozen=True, slots=True)
class Unlike:
    """How an account that a source describes is otherwise in Spinnaker."""

    is_loaded: bool
    fields: tuple[str, ...]
    """What differs; empty where it isn't loaded at all."""
    says: str


@dataclass(frozen=True, slots=True)
class Effect:
    """Accounts as they are to be judged, and those that wait for a confirmation."""

    accounts: tuple[Account, ...]
    unlike: Mapping[Key, Unlike]
    confirmed: frozenset[str]
    """The names of those that somebody confirmed."""

    def waits(self, account: Account) -> bool:
        return account.key in self.unlike and account.name not in self.confirmed


def effect_of(
    accounts: Collection[Account],
    described: Collection[Key],
    loaded: Mapping[Key, Account] | None,
    confirmed: Collection[str],
) -> Effect:
    """Compare what is described with what is loaded; None: nobody asked Gate."""
    if loaded is None:
        return Effect(tuple(accounts), {}, frozenset())
    ids = {one.name: one.text("accountId") for one in accounts if one.type == AWS}
    unlike: dict[Key, Unlike] = {}
    found: list[Account] = []
    for account in accounts:
        if account.key not in described:
            found.append(account)
            continue
        there = loaded.get(account.key)
        account = account if there is None else with_open(account, there)
        if not account.is_off and (how := unlike_loaded(account, there, ids)):
            unlike[account.key] = how
            if account.name in confirmed and there is not None:
                account = with_lambda(account, there)
        found.append(account)
    names = {key.name for key in unlike}
    return Effect(tuple(found), unlike, frozenset(names.intersection(confirmed)))


def with_open(account: Account, loaded: Account) -> Account:
    """Take from Gate what the source leaves to what it doesn't have."""
    said = {
        name: loaded.values[name]
        for name in account.open
        if name in MATTERS[account.type] and name in loaded.values
    }
    return noted(account, said, FROM_GATE) if said else account


def with_lambda(account: Account, loaded: Account) -> Account:
    """Keep Lambda where Spinnaker calls it, whatever the source says."""
    if account.values.get("lambdaEnabled") or not loaded.values.get("lambdaEnabled"):
        return account
    return noted(account, {"lambdaEnabled": True}, LAMBDA_STAYS)


def noted(account: Account, said: Mapping[str, Any], note: str) -> Account:
    values = dict(sorted({**account.values, **said}.items()))
    notes = {**account.notes, **dict.fromkeys(said, note)}
    return replace(account, values=values, notes=notes)


def unlike_loaded(
    account: Account, loaded: Account | None, ids: Mapping[str, str]
) -> Unlike | None:
    """Return how Spinnaker has the account otherwise; None: it has it so."""
    place = account.place.partition(", line ")[0]
    if loaded is None:
        return Unlike(False, (), f"{NOT_LOADED.format(place)} {UNTIL}")
    differing = {
        name: (one, other)
        for name, one, other in compared(account, loaded, ids)
        if comparable(name, one, account) != comparable(name, other, account)
    }
    if not differing:
        return None
    values = "; ".join(
        f"{name} is {shown(account, name, other)}, not {shown(account, name, one)}"
        for name, (one, other) in differing.items()
    )
    says = f"{DIFFERS.format(place, values)} {UNTIL}"
    return Unlike(True, tuple(differing), says)


def compared(
    account: Account, loaded: Account, ids: Mapping[str, str]
) -> Iterator[tuple[str, Any, Any]]:
    """Yield each field with both values, where the list of what is loaded says it."""
    one, other = account.values, loaded.values
    if account.type == AWS and not is_expanded(loaded):
        return
    for name in MATTERS[account.type]:
        said, there = one.get(name), other.get(name)
        match account.type, name:
            case "ecs", "accountId" if not there:
                continue
            case "ecs", "accountId":
                said = ids.get(account.text("awsAccount"))
            case "kubernetes", "namespaces" if not said or not there:
                # Without a list, Gate says what the cluster has.
                continue
            case _, "requiredGroupMembership" if one.get("permissions"):
                continue
        yield name, said, there


def is_expanded(loaded: Account) -> bool:
    """Return whether Gate was asked for details: it says each AWS account's then."""
    return bool(loaded.values.keys() & {"assumeRole", "regions"})


def comparable(name: str, value: Any, account: Account) -> Any:
    """Bring a value into one form: roles of Fiat in any case, and the environment that
    is meant.
    """
    if name == "environment" and value is None:
        return account.name
    if name == "permissions" and isinstance(value, dict):
        return {
            verb: sorted(str(role).lower() for role in roles)
            for verb, roles in value.items()
        }
    return value


def shown(account: Account, name: str, value: Any) -> str:
    """Write a value for a sentence: of none, what Spinnaker makes of that."""
    if value is None:
        value = BY_NAME[account.type][name].usual(account.name)
    return "missing" if value is None else short(value_as_text(value), LONGEST)


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
        fields = unequal(one[key], other[key])
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


def unequal(one: Account, other: Account) -> tuple[str, ...]:
    """Name the fields that differ."""
    ours, theirs = one.values, other.values
    return tuple(
        name
        for name in sorted(ours.keys() | theirs.keys())
        if comparable(name, ours.get(name), one)
        != comparable(name, theirs.get(name), other)
    )


def names(keys: Sequence[Key] | set[Key]) -> tuple[str, ...]:
    return tuple(sorted({key.name for key in keys}))
