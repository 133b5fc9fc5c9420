"""`manage.py installed NUMBER`: say that Spinnaker has this bundle now.

For pipelines that deliver bundles: what the button on a bundle's page does.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError

from accounts.management.command import BowlineCommand, named_person
from accounts.models import Bundle
from accounts.spinnaker.bundles import install


class Command(BowlineCommand):
    help = "Mark a bundle as installed in Spinnaker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", type=int, help="the bundle's number")
        parser.add_argument("--by", metavar="USER", help="the person to record")

        parser.add_argument(
            "--answer",
            default="",
            help="the line “all gone” of hal/check.sh, or “gone” if you checked "
            "yourself; required if earlier bundles had accounts that this one "
            "doesn't have, unless a delivery confirmed their removal",
        )

    def handle(self, *, number: int, by: str | None, answer: str, **_: Any) -> None:
        person = named_person(by)
        bundle = Bundle.objects.built().light()
        try:
            install(bundle.get(number=number), person, answer)
        except Bundle.DoesNotExist:
            raise CommandError(f"There is no bundle {number} that is ready.") from None
        self.stdout.write(f"Recorded: Spinnaker has bundle {number}.")
