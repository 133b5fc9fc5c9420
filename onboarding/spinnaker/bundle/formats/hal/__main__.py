"""apply, check and remove: what hal/apply.sh and its two siblings run."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .afterwards import refuse_unreadable, surprises, why_no_backup
from .arguments import command_again, parsed
from .calling import (
    BACKUP,
    Failed,
    Refused,
    asked,
    hal,
    providers_of,
    say,
    within,
)
from .known import PROVIDERS, differing, named
from .lock import alone
from .plan import Situation, changes, switched_off
from .primary import (
    forget,
    primary_after,
    remember,
    remembered,
    replaces_primary,
    what_takes_its_place,
)
from .profiles import hal_folder, put_profiles
from .removing import leftovers, pruning, removal
from .stopping import Stop, Stopped

if TYPE_CHECKING:
    import argparse

    from .plan import HalStep

HAL = Path(__file__).resolve().parent.parent
"""The bundle's hal/ folder."""


def run(arguments: list[str]) -> int:
    stop = Stop()
    try:
        stop.listen()
        return main(arguments, stop)
    except Refused as refused:
        say(str(refused))
        return 1
    except Stopped:
        say(f"{stop.name}: stopped. Nothing was changed.")
        return stop.status


def main(arguments: list[str], stop: Stop) -> int:
    options = parsed(arguments)
    if options.verb == "profiles":
        folder = options.folder
        if folder:
            folder = Path(os.environ.get("CALLED_FROM", ""), folder)
        return put_profiles(HAL / "profiles", folder)
    reads_only = options.verb == "check" or options.dry_run
    with nullcontext() if reads_only else alone(hal_folder()):
        return with_accounts(options, stop)


def with_accounts(options: argparse.Namespace, stop: Stop) -> int:
    bundle = json.loads((HAL / "accounts.yml").read_text(encoding="utf-8"))
    for account in bundle["kubernetes"]:
        account["kubeconfigFile"] = str(HAL.parent / account["kubeconfigFile"])
    removed = removed_accounts()
    names = names_in(bundle)
    start = [options.start] if options.start else names[:1]
    known_names = {*names, *(names_in(removed) if options.verb == "remove" else ())}
    for name in (*options.names, *options.taken_over, *start):
        if name not in known_names:
            raise Refused(f"“{name}” isn't an account of this bundle.")
    answer = asked()
    known, deployment = providers_of(answer), str(answer.get("name") or "")
    if options.verb == "remove" and options.names:
        bundle.update({p: [*bundle[p], *removed[p]] for p in PROVIDERS})
        chosen = set(options.names)
        situation = Situation(bundle, known, chosen, deployment=deployment)
        return carry_out(removal(situation), options, situation, stop)
    following = names[names.index(start[0]) :] if start else names
    situation = Situation(
        bundle,
        known,
        set(options.names or names) & set(following),
        deployment=deployment,
        taken_over=frozenset(options.taken_over),
        renamed=frozenset(options.renamed),
        primary=options.primary or broken_off(bundle, known),
    )
    left = leftovers(situation, removed)
    if options.verb == "check":
        return check(situation, removed, left)
    if options.verb == "remove":
        return carry_out(removal(situation), options, situation, stop)
    steps = changes(situation)
    if options.prune:
        steps += pruning(situation, removed)
    for sentence in two_names(situation):
        say(sentence)
    status = carry_out(steps, options, situation, stop)
    primary = primary_after(situation, steps)
    if not status:
        tell_primary(bundle["primary"], primary)
    if not (status or options.dry_run) and primary == situation.wanted_primary():
        forget(hal_folder())
    if left and not options.prune:
        tell_left(left)
    return status


def broken_off(bundle: dict[str, Any], known: dict[str, Any]) -> str:
    """Name what was hal's primary account before a run that was killed while hal did
    not have it, if this bundle has it.
    """
    name = remembered(hal_folder())
    held = known.get("aws", {}).get("accounts") or []
    is_there = name in {one["name"] for one in held}
    return name if name in names_in(bundle) and not is_there else ""


def removed_accounts() -> dict[str, Any]:
    """Read what earlier bundles had and this one has not, as hal would have it."""
    path = HAL / "removed.yml"
    if not path.exists():
        return {provider: [] for provider in PROVIDERS}
    removed: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return removed


def names_in(bundle: dict[str, Any]) -> list[str]:
    return [account["name"] for provider in PROVIDERS for account in bundle[provider]]


def tell_left(left: list[str]) -> None:
    """Say what Spinnaker keeps unless it is removed, and the commands that do it."""
    them, were = ("it", "was") if len(left) == 1 else ("them", "were")
    say(
        f"hal still has {', '.join(left)}, which {were} in an earlier bundle and not "
        f"in this one. Spinnaker keeps {them} until you remove {them}: "
        f"hal/apply.sh --prune, or {shlex.join(['hal/remove.sh', *left])}"
    )


def two_names(situation: Situation) -> list[str]:
    """Say which AWS accounts hal knows under another name too."""
    ids = {a["name"]: a["accountId"] for a in situation.bundle["aws"]}
    return [
        f"hal also has AWS account {ids[new]} as {old}. If {new} is its new name, "
        f"remove the old one: apply.sh --renamed {old}"
        for old, new in situation.other_names().items()
        if old not in situation.renamed
    ]


def carry_out(
    steps: list[HalStep],
    options: argparse.Namespace,
    situation: Situation,
    stop: Stop,
) -> int:
    if place := what_takes_its_place(situation, steps):
        say(place)
        ours = {account["name"] for account in situation.bundle["aws"]}
        is_ours = bool(then := primary_after(situation, steps)) and then in ours
        if options.verb == "apply" and not (is_ours or options.yes or options.dry_run):
            raise Refused("Nothing was changed. To continue anyway, add --yes.")
    if options.dry_run:
        for words in (words for step in steps for words in step.calls):
            print(shlex.join(("hal", *within(situation.deployment, words))))
        return 0
    has = "has none of" if options.verb == "remove" else "already has"
    if not steps:
        say(f"No changes: hal {has} these accounts{situation.where}.")
        return 0
    for step in steps:
        if step.loses:
            say(
                f"{step.name}: hal forgets its {', '.join(step.loses)}, which "
                "hal/apply.sh doesn't add again."
            )
    if options.verb == "remove" and not options.yes and not is_confirmed(steps):
        say("Nothing was removed.")
        return 1
    backup = backed_up(situation)
    risked = replaces_primary(situation, steps)
    if risked and not remember(hal_folder(), risked):
        say(f"If this run is killed, continue with: apply.sh --primary {risked}")
    stop.defers = True
    missing: dict[str, None] = {}
    number, step = 0, steps[0]
    probed = next((one for one in steps if one.names_a_kubeconfig), None)
    try:
        for number, step in enumerate(steps):
            if stop.signal:
                raise Stopped
            call_hal(step, steps, missing, situation.deployment)
            if step is probed:
                refuse_unreadable(step, situation)
            say(f"[{number + 1}/{len(steps)}] {step.name}: {step.done}")
    except (Failed, Stopped) as error:
        if missing:
            say(
                f"Right now hal doesn't have {', '.join(missing)}: deleted, to be "
                "added again, and not added yet."
            )
        stopped = isinstance(error, Stopped)
        say(
            f"{stop.name}: stopped before {step.name} was finished."
            if stopped
            else f"{step.name}: hal didn't do it. {error}"
        )
        say(f"Stopped after {number} of {len(steps)}. The backup is {backup}")
        primary = risked if risked in missing else ""
        script = str(HAL / f"{options.verb}.sh")
        again = command_again(script, step, options, primary or options.primary)
        say(f"{'Then' if stopped else 'When that is fixed,'} continue with: {again}")
        return stop.status if stopped else 1
    return looked_again(situation, steps)


def looked_again(situation: Situation, steps: list[HalStep]) -> int:
    """Ask hal once more, since it locks nothing; answer 1 where it has not what it
    should have.
    """
    known = providers_of(asked(situation.deployment))
    after = Situation(situation.bundle, known, situation.chosen)
    found = list(surprises(situation, steps, after))
    for sentence in found:
        say(sentence)
    if found:
        say(
            "Someone else changed the Halyard config at the same time. Check it before "
            "`hal deploy apply`: hal/check.sh compares it with this bundle."
        )
    return 1 if found else 0


def backed_up(situation: Situation) -> str:
    """Let hal make a backup of its config, and return the file's name."""
    try:
        backup = hal(BACKUP).strip().split("\n")[-1]
    except Failed as error:
        raise Refused(
            f"hal could not make a backup first. {error}{why_no_backup(situation)}"
        ) from None
    say(f"Changing hal's accounts{situation.where}. Backup: {backup}")
    return backup


def call_hal(
    step: HalStep, steps: list[HalStep], missing: dict[str, None], deployment: str
) -> None:
    """Make a step's calls; `missing` holds what is deleted and not added yet."""
    for words in step.calls:
        if is_a("delete", words) and any(
            is_a("add", later) and later[5] == words[5]
            for one in steps
            for later in one.calls
        ):
            missing[words[5]] = None
        hal(within(deployment, words))
        if is_a("add", words):
            missing.pop(words[5], None)


def is_a(verb: str, words: tuple[str, ...]) -> bool:
    return words[3:5] == ("account", verb)


def is_confirmed(steps: list[HalStep]) -> bool:
    say(f"hal removes {', '.join(step.name for step in steps)}.")
    say("Type “remove” to continue:")
    return sys.stdin.readline().strip() == "remove"


def tell_primary(wanted: str, primary: str) -> None:
    if wanted and primary and primary != wanted:
        say(
            f"hal's primary account, which Deck offers first, stays {primary}. hal has "
            f"no command to choose {wanted}; its config has the line primaryAccount."
        )


def check(situation: Situation, removed: dict[str, Any], left: list[str]) -> int:
    """Print a line for each account; answer 1 where apply.sh would act or refuse, or
    hal still has what this bundle removes.
    """
    say(f"Comparing with hal's accounts{situation.where}.")
    for what in switched_off(situation):
        print(f"off        {what}")
    for provider in PROVIDERS:
        held = dict(situation.held[provider])
        for account in situation.ours(provider):
            theirs = held.pop(account["name"], [])
            found = describe(provider, account, theirs)
            print(f"{found:9}  {provider} {account['name']}")
        others = situation.other_names() if provider == "aws" else {}
        for account in removed[provider]:
            name = account["name"]
            if name in left:
                print(f"left       {provider} {name}: hal/apply.sh --prune removes it")
                del held[name]
            elif name not in held:
                print(f"gone       {provider} {name}")
            elif name in others:
                new = others[name]
                print(f"renamed    aws {new}: hal still has its earlier name {name}")
                del held[name]
        for name, theirs in held.items():
            why = lost(provider, theirs, situation)
            if name in others:
                why = f" (the same AWS account as {others[name]})"
            print(f"unknown    {provider} {name}{why}")
    if names_in(removed) and not left:
        digest = hashlib.sha256((HAL / "removed.yml").read_bytes()).hexdigest()
        print(f"all gone   {digest[:12]}")
    try:
        return 1 if changes(situation) or left else 0
    except Refused as refused:
        for sentence in str(refused).splitlines():
            print(f"refused    {sentence}")
        return 1


def lost(provider: str, theirs: list[Any], situation: Situation) -> str:
    """Say of somebody's ECS account that Clouddriver cannot load it."""
    if provider != "ecs":
        return ""
    missing = {one.get("awsAccount") or "no account" for one in theirs}
    missing -= situation.held["aws"].keys()
    names = ", ".join(sorted(missing))
    return f" (belongs to {names}, which hal doesn't know)" if missing else ""


def describe(provider: str, account: dict[str, Any], theirs: list[Any]) -> str:
    if not theirs:
        return "missing"
    differ = named(differing(provider, account, theirs[0]), account, theirs[0])
    differ += [f"{len(theirs)} of that name"] if len(theirs) > 1 else []
    return f"different ({', '.join(differ)})" if differ else "same"


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
