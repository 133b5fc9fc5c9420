"""What the scripts are called with, and the command that continues one."""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .plan import HalStep


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
        help="remove accounts that an earlier bundle had and this one hasn't",
    )
    apply.add_argument(
        "--yes",
        action="store_true",
        help="prune even where no account of this bundle becomes hal's primary one",
    )
    verbs.add_parser("check", prog="check.sh", description=CHECK)
    remove = verbs.add_parser("remove", prog="remove.sh", description=REMOVE)
    remove.add_argument("names", nargs="*", metavar="NAME")
    remove.add_argument("--yes", action="store_true", help="don't ask")
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


def command_again(
    script: str, step: HalStep, options: argparse.Namespace, primary: str
) -> str:
    """Print the command that continues, with the current options."""
    words = ["bash", script]
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
    words += ["--yes"] if options.yes else []
    return start + shlex.join(words)
