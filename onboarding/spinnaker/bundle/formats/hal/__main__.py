"""apply, check and remove: what hal/apply.sh and its two siblings run."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shlex
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .calling import Failed, Refused, asked, hal, providers_of, say
from .known import PROVIDERS, differing, named
from .lock import alone
from .plan import Situation, changes, switched_off
from .profiles import hal_folder, put_profiles
from .removing import leftovers, pruning, removal
from .stopping import Stop, Stopped

if TYPE_CHECKING:
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
    start = options.start or names[0]
    known_names = {*names, *(names_in(removed) if options.verb == "remove" else ())}
    for name in (*options.names, *options.taken_over, start):
        if name not in known_names:
            raise Refused(f"“{name}” is no account of this bundle.")
    known = providers_of(asked())
    if options.verb == "remove" and options.names:
        bundle = {p: [*bundle[p], *removed[p]] for p in PROVIDERS}
        situation = Situation(bundle, known, set(options.names))
        return carry_out(removal(situation), options, situation, stop)
    situation = Situation(
        bundle,
        known,
        set(options.names or names) & set(names[names.index(start) :]),
        taken_over=frozenset(options.taken_over),
        renamed=frozenset(options.renamed),
        primary=options.primary,
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
    if not status:
        tell_primary(bundle["primary"], situation.primary)
    if left and not options.prune:
        tell_left(left)
    return status


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


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m bowline")
    parser.set_defaults(names=[], start="", primary="", taken_over=[], renamed=[])
    parser.set_defaults(dry_run=False, yes=False, prune=False)
    verbs = parser.add_subparsers(dest="verb", required=True)
    apply = verbs.add_parser(
        "apply", prog="apply.sh", description=APPLY, epilog=UNVALIDATED
    )
    apply.add_argument("--only", dest="names", nargs="+", metavar="NAME")
    apply.add_argument("--from", dest="start", metavar="NAME")
    apply.add_argument(
        "--take-over",
        dest="taken_over",
        default=[],
        nargs="+",
        metavar="NAME",
        help="replace hal's account of that name, which is another one",
    )
    apply.add_argument(
        "--renamed",
        default=[],
        nargs="+",
        metavar="OLD",
        help="remove the old name of an account that has a new one in this bundle",
    )
    apply.add_argument(
        "--primary",
        default="",
        metavar="NAME",
        help="what hal's primary account was before a run that broke off",
    )
    apply.add_argument(
        "--prune",
        action="store_true",
        help="remove accounts that an earlier bundle had and this one has not",
    )
    verbs.add_parser("check", prog="check.sh", description=CHECK)
    remove = verbs.add_parser("remove", prog="remove.sh", description=REMOVE)
    remove.add_argument("names", nargs="*", metavar="NAME")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    for verb in (apply, remove):
        verb.add_argument("--dry-run", action="store_true", help="only show the calls")
    profiles = verbs.add_parser(
        "profiles", prog="profiles.sh", description=PROFILES, epilog=ELSEWHERE
    )
    profiles.add_argument("folder", nargs="?", type=Path, metavar="FOLDER")
    options = parser.parse_args(arguments)
    options.names = options.names or []
    return options


APPLY = "Adds this bundle's accounts to hal. Running it again changes nothing."
CHECK = "Compares this bundle's accounts with hal's. It changes nothing."
REMOVE = "Removes this bundle's accounts, or the named ones, from hal, and no others."
PROFILES = "Puts this bundle's profiles where Halyard reads them, never over your own."
UNVALIDATED = (
    "NO_VALIDATE=1 in the environment keeps hal from looking versions up in the "
    "network at each call."
)
ELSEWHERE = (
    "Without FOLDER they go to the .hal folder of Halyard's daemon, in its user's home "
    "as the user database has it, whatever $HOME says. HALCONFIG_DIR=FOLDER in the "
    "environment names another .hal folder. To try a bundle harmlessly, name a FOLDER "
    "of your own."
)


def two_names(situation: Situation) -> list[str]:
    """Say which AWS accounts hal knows under another name too."""
    ids = {a["name"]: a["accountId"] for a in situation.bundle["aws"]}
    return [
        f"hal knows AWS account {ids[new]} as {old} too. If {new} is its new name, "
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
    backup = backed_up()
    stop.defers = True
    missing: dict[str, None] = {}
    number, step = 0, steps[0]
    try:
        for number, step in enumerate(steps):
            if stop.signal:
                raise Stopped
            call_hal(step, steps, missing)
            say(f"[{number + 1}/{len(steps)}] {step.name}: {step.done}")
    except (Failed, Stopped) as error:
        if missing:
            say(
                f"Right now hal does not have {', '.join(missing)}: deleted, to be "
                "added again, and not added yet."
            )
        stopped = isinstance(error, Stopped)
        say(
            f"{stop.name}: stopped before {step.name} was finished."
            if stopped
            else f"{step.name}: hal did not do it. {error}"
        )
        say(f"Stopped after {number} of {len(steps)}. The backup is {backup}")
        primary = situation.primary if situation.primary in missing else ""
        again = command_again(step, options, primary or options.primary)
        say(f"{'Then' if stopped else 'When that is fixed,'} continue with: {again}")
        return stop.status if stopped else 1
    return 0


def backed_up() -> str:
    """Let hal make a backup of its config, and return the file's name."""
    try:
        backup = hal(("backup", "create", "-q")).strip().split("\n")[-1]
    except Failed as error:
        raise Refused(
            f"hal could not make a backup first. {error}\nIf a kubeconfig that it "
            "names is gone, put it back: unpack the bundle where it was, or restore "
            "the backup again if the file was in .backup/required-files."
        ) from None
    say(f"Backup: {backup}")
    return backup


def call_hal(step: HalStep, steps: list[HalStep], missing: dict[str, None]) -> None:
    """Make a step's calls; `missing` holds what is deleted and not added yet."""
    for words in step.calls:
        if is_a("delete", words) and any(
            is_a("add", later) and later[5] == words[5]
            for one in steps
            for later in one.calls
        ):
            missing[words[5]] = None
        hal(words)
        if is_a("add", words):
            missing.pop(words[5], None)


def is_a(verb: str, words: tuple[str, ...]) -> bool:
    return words[3:5] == ("account", verb)


def is_confirmed(steps: list[HalStep]) -> bool:
    say(f"hal removes {', '.join(step.name for step in steps)}.")
    say("Type “remove” to continue:")
    return sys.stdin.readline().strip() == "remove"


def command_again(step: HalStep, options: argparse.Namespace, primary: str) -> str:
    """Print the command that continues, with the current options."""
    words = ["bash", str(HAL / f"{options.verb}.sh")]
    unvalidated = os.environ.get("NO_VALIDATE", "")
    start = f"NO_VALIDATE={shlex.quote(unvalidated)} " if unvalidated else ""
    if options.verb == "remove":
        yes = ["--yes"] if options.yes else []
        return start + shlex.join([*words, *yes, *options.names])
    words += ["--from", step.name] if step.resumes else []
    words += ["--primary", primary] if primary else []
    for option, values in (
        ("--only", options.names),
        ("--take-over", options.taken_over),
        ("--renamed", options.renamed),
    ):
        words += [option, *values] if values else []
    words += ["--prune"] if options.prune else []
    return start + shlex.join(words)


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
    for what in switched_off(situation):
        print(f"off        {what}")
    for provider in PROVIDERS:
        held = dict(situation.held[provider])
        for account in situation.ours(provider):
            theirs = held.pop(account["name"], [])
            found = describe(provider, account, theirs)
            print(f"{found:9}  {provider} {account['name']}")
        for account in removed[provider]:
            name = account["name"]
            if name in left:
                print(f"left       {provider} {name}: hal/apply.sh --prune removes it")
                del held[name]
            elif name not in held:
                print(f"gone       {provider} {name}")
        for name, theirs in held.items():
            print(f"unknown    {provider} {name}{lost(provider, theirs, situation)}")
    if names_in(removed) and not left:
        digest = hashlib.sha256((HAL / "removed.yml").read_bytes()).hexdigest()
        print(f"all gone   {digest[:12]}")
    for old, new in situation.other_names().items():
        print(f"renamed    aws {new}: hal knows the same AWS account as {old} too")
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
    return f" (belongs to {names}, which hal does not know)" if missing else ""


def describe(provider: str, account: dict[str, Any], theirs: list[Any]) -> str:
    if not theirs:
        return "missing"
    differ = named(differing(provider, account, theirs[0]), account, theirs[0])
    differ += [f"{len(theirs)} of that name"] if len(theirs) > 1 else []
    return f"different ({', '.join(differ)})" if differ else "same"


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
