"""apply, check and remove: what hal/apply.sh and its two siblings run."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .known import PROVIDERS, Failed, Refused, asked, differing, hal, named
from .plan import Situation, changes, removal, switched_off

if TYPE_CHECKING:
    from .plan import HalStep

HAL = Path(__file__).resolve().parent.parent
"""The bundle's hal/ folder."""


def run(arguments: list[str]) -> int:
    try:
        return main(arguments)
    except Refused as refused:
        say(str(refused))
        return 1


def main(arguments: list[str]) -> int:
    options = parsed(arguments)
    bundle = json.loads((HAL / "accounts.yml").read_text(encoding="utf-8"))
    for account in bundle["kubernetes"]:
        account["kubeconfigFile"] = str(HAL.parent / account["kubeconfigFile"])
    names = [account["name"] for provider in PROVIDERS for account in bundle[provider]]
    start = options.start or names[0]
    for name in (*options.names, start):
        if name not in names:
            raise Refused(f"“{name}” is no account of this bundle.")
    known = {provider: asked(provider) for provider in PROVIDERS}
    chosen = set(options.names or names) & set(names[names.index(start) :])
    situation = Situation(bundle, known, chosen)
    if options.verb == "check":
        return check(situation)
    if options.verb == "remove":
        return carry_out(removal(situation), options)
    status = carry_out(changes(situation), options)
    if not status:
        tell_primary(bundle["primary"], known["aws"].get("primaryAccount"))
    return status


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m bowline")
    parser.set_defaults(names=[], start="", dry_run=False, yes=False)
    verbs = parser.add_subparsers(dest="verb", required=True)
    apply = verbs.add_parser("apply", prog="apply.sh", description=APPLY)
    apply.add_argument("--only", dest="names", nargs="+", metavar="NAME")
    apply.add_argument("--from", dest="start", metavar="NAME")
    verbs.add_parser("check", prog="check.sh", description=CHECK)
    remove = verbs.add_parser("remove", prog="remove.sh", description=REMOVE)
    remove.add_argument("names", nargs="*", metavar="NAME")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    for verb in (apply, remove):
        verb.add_argument("--dry-run", action="store_true", help="only show the calls")
    options = parser.parse_args(arguments)
    options.names = options.names or []
    return options


APPLY = "Tells hal about this bundle's accounts; again, it changes nothing."
CHECK = "Tells what hal has the same, different or not at all. It changes nothing."
REMOVE = "Makes hal forget this bundle's accounts, or the named ones, and no others."


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def carry_out(steps: list[HalStep], options: argparse.Namespace) -> int:
    if options.dry_run:
        for words in (words for step in steps for words in step.calls):
            print(shlex.join(("hal", *words)))
        return 0
    if not steps:
        say("Nothing to change: hal has it so already.")
        return 0
    if options.verb == "remove" and not options.yes and not is_confirmed(steps):
        say("Nothing was removed.")
        return 1
    try:
        backup = hal(("backup", "create", "-q")).strip().split("\n")[-1]
    except Failed as error:
        raise Refused(
            f"hal could not make a backup first. {error}\nIf a kubeconfig that it "
            "names is gone, put it back: unpack the bundle where it stood."
        ) from None
    say(f"Backup: {backup}")
    for number, step in enumerate(steps, 1):
        try:
            for words in step.calls:
                hal(words)
        except Failed as error:
            say(f"{step.name}: hal did not do it. {error}")
            say(f"Stopped after {number - 1} of {len(steps)}. The backup is {backup}")
            say(f"When that is mended, go on with: {command_again(step, options)}")
            return 1
        say(f"[{number}/{len(steps)}] {step.name}: {step.done}")
    return 0


def is_confirmed(steps: list[HalStep]) -> bool:
    say(f"hal will forget {', '.join(step.name for step in steps)}.")
    say("Type “remove” to go on:")
    return sys.stdin.readline().strip() == "remove"


def command_again(step: HalStep, options: argparse.Namespace) -> str:
    words = ["bash", str(HAL / f"{options.verb}.sh")]
    if options.verb == "remove":
        return shlex.join([*words, *options.names])
    words += ["--from", step.name] if step.resumes else []
    words += ["--only", *options.names] if options.names else []
    return shlex.join(words)


def tell_primary(wanted: str, primary: str | None) -> None:
    if wanted and primary and primary != wanted:
        say(
            f"hal's primary account, which Deck offers first, stays {primary}. hal has "
            f"no command to choose {wanted}; its config has the line primaryAccount."
        )


def check(situation: Situation) -> int:
    """Print a line for each account; answer 1 where hal lacks one or differs."""
    off = list(switched_off(situation))
    for what in off:
        print(f"off        {what}")
    wrong = len(off)
    for provider in PROVIDERS:
        held = dict(situation.held[provider])
        for account in situation.ours(provider):
            theirs = held.pop(account["name"], [])
            found = describe(provider, account, theirs)
            wrong += found != "same"
            print(f"{found:9}  {provider} {account['name']}")
        for name, theirs in held.items():
            print(f"unknown    {provider} {name}{lost(provider, theirs, situation)}")
    return 1 if wrong else 0


def lost(provider: str, theirs: list[Any], situation: Situation) -> str:
    """Say of somebody's ECS account that Clouddriver cannot load it."""
    if provider != "ecs":
        return ""
    missing = {one.get("awsAccount") or "no account" for one in theirs}
    missing -= situation.held["aws"].keys()
    names = ", ".join(sorted(missing))
    return f" (belongs to {names}, which hal does not know)" if missing else ""


def describe(provider: str, account: dict[str, Any], theirs: list[Any]) -> str:
    if not theirs:
        return "missing"
    differ = named(differing(provider, account, theirs[0]), account)
    differ += [f"{len(theirs)} of that name"] if len(theirs) > 1 else []
    return f"different ({', '.join(differ)})" if differ else "same"


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
