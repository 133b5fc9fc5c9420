"""What Gate says that Spinnaker has loaded decides what is taken: an account that a
source describes otherwise is left until somebody confirms it, by its name. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from onboarding.adopting.values import AWS, Account, Key, value_as_text
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
        if comparable(name, one) != comparable(name, other)
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


def comparable(name: str, value: Any) -> Any:
    """Bring a value into one form: roles of Fiat in any case."""
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
