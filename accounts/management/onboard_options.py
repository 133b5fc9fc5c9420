"""The options of `manage.py onboard`, and what they ask for."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.core.management import CommandError

from accounts.models import Rollout
from accounts.runs.deciding.confirmation import LONGEST_ANSWER, UNTESTED

Pauses = Rollout.Pauses


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "file",
        type=Path,
        help="accounts.yaml or accounts.csv (docs/reference/accounts-file.md); "
        "-: standard input",
    )
    parser.add_argument("--check", action="store_true", help="only check the file")
    parser.add_argument(
        "--approve",
        action="store_true",
        help="apply the plan that waits, if nothing changed since; without one, plan, "
        "and approve nothing",
    )
    parser.add_argument(
        "--plan",
        metavar="DIGEST",
        help="with --approve: apply only the plan that has this digest",
    )
    parser.add_argument(
        "--allow-delete",
        nargs="*",
        metavar="NAME",
        help="also approve plans that delete, or by which Spinnaker loses access to "
        "accounts, only for these accounts if any are named; required by name if over "
        "a third of the resources that exist, or of the roles on Spinnaker's list, go",
    )
    parser.add_argument(
        "--access-test",
        default="",
        metavar="FILE",
        help="with --approve: what verify.sh printed, for plans that remove "
        f"permissions or trust of evaluated accounts; “{UNTESTED}” in place of a file "
        "approves them without a test",
    )
    parser.add_argument(
        "--accept-evaluated",
        action="store_true",
        help="accept evaluated accounts, whose policies were only read",
    )
    parser.add_argument(
        "--bundle", type=Path, metavar="OUT.zip", help="write a bundle to this file"
    )
    parser.add_argument(
        "--add-broken",
        nargs="*",
        metavar="NAME",
        help="with --bundle: add these accounts, or all where none is named, although "
        "their last verification failed and the last bundle doesn't include them",
    )
    parser.add_argument(
        "--by",
        metavar="USER",
        help="who plans, or with --approve who approves; without it, the person of the "
        "API token in BOWLINE_TOKEN. Anyone who can write to the database can "
        "name any person",
    )
    parser.add_argument(
        "--threads",
        type=at_least_one,
        default=16,
        help="accounts to process at a time",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print one JSON document, which docs/onboard.schema.json describes, and "
        "nothing else on standard output",
    )
    parser.add_argument(
        "--markdown",
        type=Path,
        metavar="FILE",
        help="write a summary for a pull request to this file",
    )
    parser.add_argument(
        "--adopt-list",
        action="store_true",
        help="continue although another database, which is gone, changed the managing "
        "account: all roles that Spinnaker can assume stay on the list",
    )
    add_rollout_options(parser)


def add_rollout_options(parser: ArgumentParser) -> None:
    """Add what says which accounts, in which waves, and when to stop."""
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="only these accounts of the file"
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="continue the last rollout of these accounts: plan the failed accounts "
        "again, and start approved accounts that didn't start; with --approve, "
        "also approve again each plan that is identical to the one that was "
        "approved before",
    )
    parser.add_argument(
        "--wait",
        action="store_true",
        help="wait until no other run of these accounts is in progress",
    )
    limits = parser.add_mutually_exclusive_group()
    limits.add_argument(
        "--keep-going",
        action="store_true",
        help="start the other accounts, whatever fails",
    )
    limits.add_argument(
        "--max-failures",
        type=limit,
        metavar="N|N%",
        help="stop starting accounts after this many, or this share of all accounts, "
        "failed; by default, for fewer than ten accounts, after a failure that "
        "might also affect the others",
    )
    parser.add_argument(
        "--first",
        type=at_least_one,
        metavar="N",
        help="accounts in the first wave; 1 by default",
    )
    parser.add_argument(
        "--waves",
        type=percent,
        metavar="N%",
        help="the share of all accounts in the second wave; 10%% by default; the "
        "third wave is the rest",
    )


@dataclass(frozen=True, slots=True)
class OnboardOptions:
    """What is to be planned and applied."""

    approve: bool = False
    digest: str | None = None
    """Of the plan that was read."""
    allowed: list[str] | None = None
    """Deletions, as plain_text.py says."""
    resume: bool = False
    wait: bool = False
    adopts_list: bool = False
    """Whether another database's list of roles is adopted."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Of the rollout, where they are not the usual ones."""
    test: str = ""
    """Of access, as approvals bring it."""
    why_not: str = ""
    """Why --approve approves nothing."""

    def refused(self, why_not: str) -> OnboardOptions:
        return replace(self, approve=False, why_not=why_not)


def read_options(options: Mapping[str, Any], accounts: int) -> OnboardOptions:
    """Read the options, for this number of accounts; raise CommandError."""
    if options["plan"] and not options["approve"]:
        raise CommandError(
            "--plan says which plan --approve is about. Add --approve, or omit --plan "
            "to plan."
        )
    return OnboardOptions(
        options["approve"],
        options["plan"],
        options["allow_delete"],
        options["resume"],
        options["wait"],
        options["adopt_list"],
        dict(settings(options, accounts)),
        test_in(options["access_test"]),
    )


def test_in(given: str) -> str:
    """Read what verify.sh printed, or return the word; raise CommandError."""
    if given in ("", UNTESTED):
        return given
    try:
        with Path(given).open(encoding="utf-8", errors="replace") as file:
            return file.read(LONGEST_ANSWER)
    except OSError as error:
        raise CommandError(f"{given} can't be read: {error}") from error


def settings(options: Mapping[str, Any], accounts: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "first_wave": options["first"],
        "second_percent": options["waves"],
    }
    if options["keep_going"]:
        found["pauses"] = Pauses.NEVER
    if most := options["max_failures"]:
        number, is_share = most
        number = -(-accounts * number // 100) if is_share else number
        found |= {"pauses": Pauses.AT_NUMBER, "most_failures": max(1, number)}
    return {name: value for name, value in found.items() if value is not None}


def at_least_one(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100_000:
        raise ArgumentTypeError(f"{text} isn't a number from 1 to 100,000")
    return int(text)


def percent(text: str) -> int:
    number = text.removesuffix("%")
    if not number.isdecimal() or not 1 <= int(number) <= 100:
        raise ArgumentTypeError(f"{text} isn't a share such as 10%")
    return int(number)


def limit(text: str) -> tuple[int, bool]:
    """Read a number of accounts, or a share of all: which it is, is second."""
    if text.endswith("%"):
        return percent(text), True
    return at_least_one(text), False
