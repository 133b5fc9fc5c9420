"""The calls of hal that bring it in line with the bundle, all known before the first.

Whatever is in the way is found here, while nothing has been changed yet.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .calling import Refused
from .collisions import rival, stranger, taken
from .known import (
    CLEARED_BY,
    PROVIDERS,
    by_name,
    differing,
    extras,
    flags,
    is_on,
    lost_by_edit,
    named,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .known import Account, Flags, Known

MOST_REFUSALS = 20
NOT_SAYABLE = re.compile(r"--(?:read|write)-permissions=(-.*)", re.DOTALL)
"""A role that hal takes for an option, even behind `=`: these flags are greedy."""


class HalStep(NamedTuple):
    """Calls of hal for one account (or a whole provider), and what they did."""

    name: str
    done: str
    calls: tuple[tuple[str, ...], ...]
    resumes: bool = True
    """Whether a run that stopped here may continue from this account."""
    loses: tuple[str, ...] = ()
    """What people added by hand, and what goes with the account."""

    @property
    def names_a_kubeconfig(self) -> bool:
        return any(w.startswith("--kubeconfig-file=") for c in self.calls for w in c)


class Situation:
    """What the bundle says, what hal says, and what a person has said about names."""

    def __init__(
        self,
        bundle: dict[str, Any],
        known: Known,
        chosen: set[str],
        *,
        taken_over: frozenset[str] = frozenset(),
        renamed: frozenset[str] = frozenset(),
        primary: str = "",
        deployment: str = "",
    ) -> None:
        self.bundle = bundle
        self.known: Known = {**{name: {} for name in PROVIDERS}, **known}
        self.chosen = chosen
        self.deployment = deployment
        """hal's current one when it was asked first; empty: it has none."""
        self.where = f" in deployment {deployment}" if deployment else ""
        self.taken_over = taken_over
        self.renamed = renamed
        """Names in hal that are to go, since the bundle has new ones for them."""
        self.held: dict[str, dict[str, list[Account]]] = {
            provider: by_name(settings.get("accounts") or [])
            for provider, settings in self.known.items()
        }
        """Every account that hal has, of every provider, by its name."""
        self.providers_of: dict[str, list[str]] = {}
        for provider, named_accounts in self.held.items():
            for name in named_accounts:
                self.providers_of.setdefault(name, []).append(provider)
        self.ecs_of: dict[str, list[str]] = {}
        for name, accounts in self.held["ecs"].items():
            for account in accounts:
                self.ecs_of.setdefault(account.get("awsAccount", ""), []).append(name)
        stored = self.known["aws"].get("primaryAccount")
        first = next(iter(self.held["aws"]), "")
        self.stored_primary: str = stored if stored in self.held["aws"] else first
        self.primary = primary or self.stored_primary
        """The account that is hal's primary one, or was before a run that broke off."""

    def ours(self, provider: str) -> list[Account]:
        return [a for a in self.bundle[provider] if a["name"] in self.chosen]

    def other_names(self) -> dict[str, str]:
        """Map names in hal to the bundle's name for the same AWS account."""
        # The first of several names of an AWS account: ECS accounts use that one.
        ids = {int(a["accountId"]): a["name"] for a in reversed(self.ours("aws"))}
        bundled = {account["name"] for account in self.bundle["aws"]}
        return {
            name: ids[number]
            for name, accounts in self.held["aws"].items()
            if name not in bundled
            for number in (number_of(accounts[0].get("accountId")),)
            if number in ids
        }

    def wanted_primary(self) -> str:
        """Name the primary account as this bundle names it."""
        was = self.primary
        return self.other_names().get(was, was) if was in self.renamed else was


def number_of(account_id: Any) -> int:
    """Read an account id whatever YAML made of its zeros; -1 where it is none."""
    return int(account_id) if str(account_id).isdigit() else -1


def without_validation() -> tuple[str, ...]:
    asked_for = os.environ.get("NO_VALIDATE", "0") not in ("", "0")
    return ("--no-validate",) if asked_for else ()


def call(provider: str, verb: str, name: str, said: Flags) -> tuple[str, ...]:
    """Name the account right behind the verb: a list before it would swallow it."""
    start = ("config", "provider", provider, "account", verb, name)
    return (*start, *without_validation(), *words(said))


def changes(situation: Situation) -> list[HalStep]:
    """List the steps that configure hal; raise Refused with all that is in the way."""
    steps, hindrances = [], []
    for provider in PROVIDERS:
        for account in situation.ours(provider):
            theirs = situation.held[provider].get(account["name"], [])
            found = list(clashes(provider, account, theirs, situation))
            hindrances += found
            if not found:
                steps += change(provider, account, theirs, situation)
    switched = list(switches(situation))
    if any("features" in words for step in switched for words in step.calls):
        hindrances += broken_features(situation)
    forgotten, unforgettable = forgetting(situation)
    refuse([*hindrances, *unforgettable])
    steps = keeping_primary(situation, steps, forgotten)
    refuse([hindrance for step in steps for hindrance in unsayable(step)])
    return [*switched, *steps]


def refuse(hindrances: list[str]) -> None:
    if hindrances:
        more = len(hindrances) - MOST_REFUSALS
        rest = [f"... and {more} more like these."] if more > 0 else []
        raise Refused("\n".join([*hindrances[:MOST_REFUSALS], *rest]))


def switches(situation: Situation) -> Iterator[HalStep]:
    """Yield what is switched on for a whole provider, where it is not on already."""
    for provider in PROVIDERS:
        known, start = situation.known[provider], ("config", "provider", provider)
        if situation.ours(provider) and not known.get("enabled"):
            enable = (*start, "enable", *without_validation())
            yield HalStep(provider, "enabled", (enable,), resumes=False)
    if any(account.get("lambdaEnabled") for account in situation.ours("aws")):
        known = situation.known["aws"]
        features = known.get("features") or {}
        if not (is_on(known, "lambda") and is_on(features, "lambda")):
            features_edit = ("config", "provider", "aws", "features", "edit")
            others = str(is_on(features, "cloudFormation")).lower()
            both = ("--lambda=true", f"--cloud-formation={others}")
            edit = (*features_edit, *without_validation(), *both)
            silent = hides_functions(situation)
            reason = ": it was off, so Spinnaker showed no functions" if silent else ""
            yield HalStep("aws", f"Lambda switched on{reason}", (edit,), resumes=False)


def hides_functions(situation: Situation) -> bool:
    """Return whether accounts are without Lambda; Clouddriver heeds either switch."""
    known = situation.known["aws"]
    heeded = (known, known.get("features") or {})
    wanted = any(account.get("lambdaEnabled") for account in situation.ours("aws"))
    has_accounts = wanted and bool(situation.held["aws"])
    return has_accounts and not any(is_on(settings, "lambda") for settings in heeded)


def switched_off(situation: Situation) -> Iterator[str]:
    """Yield what is off for a whole provider, though hal has accounts of the bundle."""
    for provider in PROVIDERS:
        held = situation.held[provider]
        is_held = any(account["name"] in held for account in situation.ours(provider))
        if is_held and not situation.known[provider].get("enabled"):
            yield f"{provider}: not enabled, so Spinnaker has none of its accounts"
    if hides_functions(situation):
        yield "aws: Lambda, so Spinnaker shows no functions"


def broken_features(situation: Situation) -> Iterator[str]:
    features = situation.known["aws"].get("features") or {}
    if features and not (features.get("lambda") and features.get("cloudFormation")):
        yield (
            "hal breaks on its own config: providers.aws.features must name both "
            "cloudFormation and lambda. Add what is missing as {enabled: false}."
        )


def clashes(
    provider: str, account: Account, theirs: list[Account], situation: Situation
) -> Iterator[str]:
    """Yield a sentence for each reason why the account cannot be added to Halyard."""
    name = account["name"]
    for other in situation.providers_of.get(name, ()):
        if other != provider:
            yield taken(name, other)
    yield from strangers(provider, account, theirs, situation)
    if provider == "ecs":
        yield from rivals(account, situation)
    if provider == "kubernetes" and not Path(account["kubeconfigFile"]).is_file():
        path = account["kubeconfigFile"]
        yield f"{name}: {path} is missing. Unpack the whole bundle."
    if name in situation.taken_over or not theirs:
        return
    how, lost, why = "", [], ""
    if is_replaced(provider, account, theirs):
        how = "must be deleted and added again"
        why = "which hal/apply.sh doesn't add again"
        lost = sorted(
            {extra for held in theirs for extra in extras(provider, held, account)}
        )
    elif differing(provider, account, theirs[0]):
        how, lost = "must be edited", lost_by_edit(theirs[0])
        why = "for which hal has no option"
    if lost:
        yield (
            f"{name}: it {how}, and hal would forget its {', '.join(lost)}, {why}. "
            "Merge the bundle into the Halyard config instead: Bowline's page of this "
            "bundle does it, and keeps them."
        )


def strangers(
    provider: str, account: Account, theirs: list[Account], situation: Situation
) -> Iterator[str]:
    """Yield why what hal has under that name is somebody else's."""
    if account["name"] in situation.taken_over:
        return
    for held in theirs:
        renamed = provider == "ecs" and held.get("awsAccount") in situation.renamed
        if not renamed and (why := stranger(provider, account, held)):
            yield (
                f"{why} Rename one of the two, or replace hal's by the bundle's: "
                f"--take-over {account['name']}"
            )


def rivals(account: Account, situation: Situation) -> Iterator[str]:
    """Yield why an ECS account's AWS account is not there, or is not free."""
    name, target = account["name"], account["awsAccount"]
    if target not in situation.chosen and target not in situation.held["aws"]:
        yield f"{name}: hal doesn't know {target}, to which it belongs. Choose it too."
    for other in situation.ecs_of.get(target, []):
        if other != name:
            yield f"{rival(name, other, target)} Delete that one first."


def unsayable(step: HalStep) -> Iterator[str]:
    for word in (word for one in step.calls for word in one):
        if found := NOT_SAYABLE.fullmatch(word):
            yield (
                f"{step.name}: hal takes the role “{found[1]}” for an option. Rename "
                "the role, or write it into the Halyard config by hand."
            )


def is_replaced(provider: str, account: Account, theirs: list[Account]) -> bool:
    """Return whether `edit` will not do: it clears little, and no duplicates."""
    ours = flags(provider, account)
    stuck = [
        flag
        for held in theirs
        for flag in differing(provider, account, held)
        if not ours[flag] and flag not in CLEARED_BY
    ]
    return bool(stuck) or len(theirs) > 1


def change(
    provider: str, account: Account, theirs: list[Account], situation: Situation
) -> list[HalStep]:
    name, ours = account["name"], flags(provider, account)
    add = call(provider, "add", name, {f: value for f, value in ours.items() if value})
    if not theirs:
        return [HalStep(name, "added", (add,))]
    delete = call(provider, "delete", name, {})
    if name in situation.taken_over and stranger(provider, account, theirs[0]):
        return [HalStep(name, "taken over: deleted and added", (delete, add))]
    differ = differing(provider, account, theirs[0])
    what = ", ".join(named(differ, account, theirs[0])) or f"{len(theirs)} of that name"
    if is_replaced(provider, account, theirs):
        return [HalStep(name, f"deleted and added again ({what})", (delete, add))]
    if not differ:
        return []
    edit = call(provider, "edit", name, {flag: ours[flag] for flag in differ})
    return [HalStep(name, f"changed ({what})", (edit,))]


def forgetting(situation: Situation) -> tuple[list[HalStep], list[str]]:
    """List the deletions of old names, ECS accounts first, and what hinders them."""
    steps: list[HalStep] = []
    hindrances: list[str] = []
    now = situation.other_names()
    ecs = {account["awsAccount"]: account["name"] for account in situation.ours("ecs")}
    for old in sorted(situation.renamed):
        if old not in situation.held["aws"]:
            continue  # an earlier run removed it
        if old not in now:
            hindrances.append(
                f"“{old}” isn't another name of an account of this bundle."
            )
            continue
        for name in situation.ecs_of.get(old, ()):
            if name in ecs.values():
                continue
            if now[old] not in ecs:
                hindrances.append(
                    f"{old}: the ECS account {name} belongs to it, and this bundle has "
                    f"none for {now[old]}. Delete {name} first."
                )
            done = f"removed: {ecs.get(now[old])} takes its place"
            steps.append(HalStep(name, done, (call("ecs", "delete", name, {}),)))
        done = f"removed: {now[old]} is its name now"
        steps.append(HalStep(old, done, (call("aws", "delete", old, {}),)))
    return steps, hindrances


def keeping_primary(
    situation: Situation, steps: list[HalStep], forgotten: list[HalStep]
) -> list[HalStep]:
    """Order the steps so that hal's primary account stays what it was.

    hal makes the first account its primary one, which bakes images and which Deck
    proposes, and it has no command to choose another. So where the primary one is
    deleted and added again, or renamed, all are: it goes last, and comes first.
    """
    held, was = situation.held["aws"], situation.primary
    primary = situation.wanted_primary()
    replaced = {step.name for step in steps if len(step.calls) > 1}
    moved = was in held and (primary in replaced or was in situation.renamed)
    if not moved or set(held) == {primary}:
        return [*primary_first(primary, steps, held), *forgotten]
    ours = [account["name"] for account in situation.bundle["aws"]]
    alien = set(held) - set(ours) - situation.renamed
    alien |= set() if set(ours) <= situation.chosen else {"not chosen"}
    if alien or any(extras("aws", one) for ones in held.values() for one in ones):
        raise Refused(
            f"{was}: it must be deleted and added again, and hal would make another "
            "account its primary one. Change it in the Halyard config by hand: "
            "check.sh says what differs."
        )
    done = f"deleted, to be added again behind {primary}"
    deletes = [
        HalStep(name, done, (call("aws", "delete", name, {}),), resumes=False)
        for name in sorted(held, key=lambda name: name == was)
    ]
    adds = [
        step._replace(resumes=False)
        for account in situation.bundle["aws"]
        for step in change("aws", account, [], situation)
    ]
    left = [step for step in (*steps, *forgotten) if step.name not in {*ours, *held}]
    return [*deletes, *primary_first(primary, adds, {}), *left]


def primary_first(
    primary: str, steps: list[HalStep], held: dict[str, Any]
) -> list[HalStep]:
    """Put the primary account's step first where hal would else choose another."""
    if set(held) - {primary}:
        return steps
    return sorted(steps, key=lambda step: step.name != primary)
