"""The calls of hal that bring it in line with the bundle, all known before the first.

Whatever stands in the way is found here, while nothing has been changed yet.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .known import (
    CLEARED_BY,
    PROVIDERS,
    Refused,
    by_name,
    differing,
    extras,
    flags,
    is_on,
    is_same_id,
    named,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .known import Account, Flags, Known

NOT_SAYABLE = re.compile(r"--(?:read|write)-permissions=(-.*)", re.DOTALL)
"""A role that hal takes for an option, even behind `=`: these flags are greedy."""


class HalStep(NamedTuple):
    """Calls of hal for one account (or a whole provider), and what they did."""

    name: str
    done: str
    calls: tuple[tuple[str, ...], ...]
    resumes: bool = True
    """Whether a run that broke off here may go on from this account."""


class Situation:
    """What the bundle says, what hal says, and the names that are to be handled."""

    def __init__(self, bundle: dict[str, Any], known: Known, chosen: set[str]) -> None:
        self.bundle = bundle
        self.known = known
        self.chosen = chosen
        self.held = {
            provider: by_name(known[provider].get("accounts") or [])
            for provider in PROVIDERS
        }
        self.ecs_of: dict[str, list[str]] = {}
        for name, accounts in self.held["ecs"].items():
            for account in accounts:
                self.ecs_of.setdefault(account.get("awsAccount", ""), []).append(name)

    def ours(self, provider: str) -> list[Account]:
        return [a for a in self.bundle[provider] if a["name"] in self.chosen]


def without_validation() -> tuple[str, ...]:
    asked_for = os.environ.get("NO_VALIDATE", "0") not in ("", "0")
    return ("--no-validate",) if asked_for else ()


def call(provider: str, verb: str, name: str, said: Flags) -> tuple[str, ...]:
    """Name the account right behind the verb: a list before it would swallow it."""
    start = ("config", "provider", provider, "account", verb, name)
    return (*start, *without_validation(), *words(said))


def changes(situation: Situation) -> list[HalStep]:
    """List the steps that tell hal; raise Refused with all that stands in the way."""
    steps, hindrances = [], list(broken_features(situation))
    for provider in PROVIDERS:
        for account in situation.ours(provider):
            theirs = situation.held[provider].get(account["name"], [])
            found = list(clashes(provider, account, theirs, situation))
            hindrances += found
            steps += [] if found else change(provider, account, theirs)
    refuse(hindrances)
    primary = situation.known["aws"].get("primaryAccount")
    replaced = {step.name for step in steps if len(step.calls) > 1}
    if primary in replaced & set(situation.held["aws"]):
        steps = keeping_first(primary, situation, steps)
    refuse([hindrance for step in steps for hindrance in unsayable(step)])
    return [*switches(situation), *steps]


def refuse(hindrances: list[str]) -> None:
    if hindrances:
        raise Refused("\n".join(hindrances))


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
    """Tell whether accounts stand without Lambda; Clouddriver heeds either switch."""
    known = situation.known["aws"]
    heeded = (known, known.get("features") or {})
    wanted = any(account.get("lambdaEnabled") for account in situation.ours("aws"))
    stands = wanted and bool(situation.held["aws"])
    return stands and not any(is_on(settings, "lambda") for settings in heeded)


def switched_off(situation: Situation) -> Iterator[str]:
    """Yield what is off for a whole provider, though hal has accounts of the bundle."""
    for provider in PROVIDERS:
        held = situation.held[provider]
        stands = any(account["name"] in held for account in situation.ours(provider))
        if stands and not situation.known[provider].get("enabled"):
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
    for other in PROVIDERS:
        if other != provider and name in situation.held[other]:
            yield f"{name}: hal has an account of that name in {other} already."
    if provider == "aws":
        yield from strangers(account, theirs)
    if provider == "ecs":
        yield from rivals(account, situation)
    if provider == "kubernetes" and not Path(account["kubeconfigFile"]).is_file():
        path = account["kubeconfigFile"]
        yield f"{name}: {path} is missing. Unpack the whole bundle."
    lost = sorted({extra for held in theirs for extra in extras(provider, held)})
    if lost and is_replaced(provider, account, theirs):
        yield (
            f"{name}: it must be deleted and added again, and hal would forget its "
            f"{', '.join(lost)}, which this bundle does not know. Note them, delete it "
            f"(hal config provider {provider} account delete {name}), run this again, "
            "and add them."
        )


def strangers(account: Account, theirs: list[Account]) -> Iterator[str]:
    for held in theirs:
        their_id = str(held.get("accountId") or "")
        if not is_same_id(account["accountId"], their_id):
            yield (
                f"{account['name']}: hal's account of that name is AWS account "
                f"{their_id}, this bundle's is {account['accountId']}. Rename one."
            )


def rivals(account: Account, situation: Situation) -> Iterator[str]:
    """Yield why an ECS account's AWS account is not there, or is not free."""
    name, target = account["name"], account["awsAccount"]
    if target not in situation.chosen and target not in situation.held["aws"]:
        yield f"{name}: hal does not know {target}, to which it belongs. Choose it too."
    for other in situation.ecs_of.get(target, []):
        if other != name:
            yield (
                f"{name}: hal's ECS account {other} belongs to {target} too, and "
                "Clouddriver sees only one of them. Delete that one first."
            )


def unsayable(step: HalStep) -> Iterator[str]:
    for word in (word for one in step.calls for word in one):
        if found := NOT_SAYABLE.fullmatch(word):
            yield (
                f"{step.name}: hal takes the role “{found[1]}” for an option. Rename "
                "the role, or write it into hal's config by hand."
            )


def is_replaced(provider: str, account: Account, theirs: list[Account]) -> bool:
    """Tell whether `edit` will not do: it clears little, and no duplicates."""
    ours = flags(provider, account)
    stuck = [
        flag
        for held in theirs
        for flag in differing(provider, account, held)
        if not ours[flag] and flag not in CLEARED_BY
    ]
    return bool(stuck) or len(theirs) > 1


def change(provider: str, account: Account, theirs: list[Account]) -> list[HalStep]:
    name, ours = account["name"], flags(provider, account)
    add = call(provider, "add", name, {f: value for f, value in ours.items() if value})
    if not theirs:
        return [HalStep(name, "added", (add,))]
    differ = differing(provider, account, theirs[0])
    what = ", ".join(named(differ, account)) or f"{len(theirs)} of that name"
    if is_replaced(provider, account, theirs):
        delete = call(provider, "delete", name, {})
        return [HalStep(name, f"deleted and added again ({what})", (delete, add))]
    if not differ:
        return []
    edit = call(provider, "edit", name, {flag: ours[flag] for flag in differ})
    return [HalStep(name, f"changed ({what})", (edit,))]


def keeping_first(
    primary: str, situation: Situation, steps: list[HalStep]
) -> list[HalStep]:
    """Delete and add every `aws` account where the primary one is to be replaced.

    hal makes the first account its primary one, which bakes images and which Deck
    proposes, and it has no command to choose another.
    """
    held = situation.held["aws"]
    ours = [account["name"] for account in situation.bundle["aws"]]
    if len(held) == 1:
        return steps
    alien = set(held) - set(ours) or not set(ours) <= situation.chosen
    if alien or any(extras("aws", one) for ones in held.values() for one in ones):
        raise Refused(
            f"{primary}: it must be deleted and added again, and hal would make "
            "another account its primary one. Change it in hal's config by hand: "
            "check.sh says what differs."
        )
    done = f"deleted, to be added again behind {primary}"
    deletes = [
        HalStep(name, done, (call("aws", "delete", name, {}),), resumes=False)
        for name in reversed(held)
    ]
    adds = [
        step
        for account in situation.bundle["aws"]
        for step in change("aws", account, [])
    ]
    return [*deletes, *adds, *(step for step in steps if step.name not in ours)]


def removal(situation: Situation) -> list[HalStep]:
    """List the deletions, an ECS account before the AWS account that it belongs to."""
    steps: list[HalStep] = []
    hindrances: list[str] = []
    for provider in reversed(PROVIDERS):
        for account in situation.ours(provider):
            name = account["name"]
            theirs = situation.held[provider].get(name)
            if not theirs:
                continue
            if provider == "aws":
                hindrances += strangers(account, theirs)
                left = set(situation.ecs_of.get(name, ())) - situation.chosen
                hindrances += [
                    f"{name}: the ECS account {ecs} belongs to it. Remove that too."
                    for ecs in sorted(left)
                ]
            steps.append(
                HalStep(name, "removed", (call(provider, "delete", name, {}),))
            )
    refuse(hindrances)
    return steps
