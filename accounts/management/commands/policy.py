"""`manage.py policy …`: policies of others and unknown writes, decided without a page.

What is decided goes through the row that pages and the API have, as the person of
`--by` or of the token.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.management import CommandError

from accounts.decisions.decision import Decision
from accounts.management.command import DONE, PLANNED, BowlineCommand, acting_person
from accounts.models import ForeignPolicy
from accounts.models.people import Scope
from accounts.people.roles import APPROVER
from accounts.runs.foreign.accepting import accept, ask, end
from accounts.wording import listed

VERBS: Mapping[str, Decision[Any, Any]] = {"ask": ask, "accept": accept, "end": end}
NEEDS = {"ask": ("reason", "until"), "accept": ("read",), "end": ()}
LIST = "list"


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} isn't a day such as 2026-12-31") from None


class Command(BowlineCommand):
    help = "List and accept policies of others and unknown writes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "verb",
            choices=[LIST, *VERBS],
            help="list what isn't accepted, ask to accept one, accept what was asked "
            "for, or end it",
        )
        parser.add_argument(
            "number", type=int, nargs="?", help="the policy's number in the list"
        )
        parser.add_argument(
            "--reason", metavar="TEXT", help="with ask: why it may stay"
        )
        parser.add_argument(
            "--until", type=day, metavar="DAY", help="with ask: the last day"
        )
        parser.add_argument(
            "--read",
            metavar="DIGEST",
            help="with accept: the digest of the request, as the list has it",
        )
        parser.add_argument(
            "--by", metavar="USER", help="who asks, accepts, or ends it"
        )

    def handle(
        self, *, verb: str, number: int | None, by: str | None, **options: Any
    ) -> None:
        if verb == LIST:
            sys.exit(self.listed())
        given = {name: options[name] for name in NEEDS[verb]}
        missing = [f"--{name}" for name, value in given.items() if not value]
        if number is None or missing:
            needed = listed(["NUMBER", *(f"--{name}" for name in given)])
            raise CommandError(f"{verb} needs {needed}.")
        row = VERBS[verb]
        scope = Scope.APPROVE if row.role is APPROVER else Scope.OPERATE
        person = acting_person(by, scope)
        policy = ForeignPolicy.objects.select_related("account").filter(pk=number)
        if not policy:
            raise CommandError(f"There is no policy of others {number}.")
        row(policy[0], person, **given)
        self.stdout.write(f"{policy[0]}: {DONE_IN_WORDS[verb]}")
        sys.exit(PLANNED if verb == "ask" else DONE)

    def listed(self) -> int:
        """Print what nobody has accepted, with what an acceptance must have read."""
        rows = ForeignPolicy.objects.select_related("account", "asked_by")
        waiting = [one for one in rows.order_by("pk") if not one.is_accepted]
        for one in waiting:
            self.stdout.write(f"{one.pk}: {one} in {one.place}")
            if one.is_asked:
                self.stdout.write(
                    f"  {one.asked_by_name} asked to accept it until {one.until}: "
                    f"{one.reason}\n  --read {one.asked_digest}"
                )
        return PLANNED if any(one.is_asked for one in waiting) else DONE


DONE_IN_WORDS = {
    "ask": "waits for acceptance",
    "accept": "accepted",
    "end": "no longer accepted",
}
