"""`script/soak`: a month with many accounts, played in two hours on real servers.

Each module says what it plays: days, nights, and what must agree in the end.
"""

from __future__ import annotations

import argparse
import lzma
import os
import random
import sys
import time
import traceback
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import TYPE_CHECKING, Any

from script.rehearsal.organization import Organization, organization_of
from script.rehearsal.servers import Site
from tests.upgrade import on_postgresql
from tests.upgrade.recording import RECORDED

if TYPE_CHECKING:
    from script.rehearsal.days import Month

DAYS, CALM = 22, 2
"""The working days of a month, and how many of them, the last ones, only put right what
is wrong.
"""
LATER = 10
"""Days until each owner of an account has put right what only owners can."""
LAST = 60.0
"""Seconds for the end of the month, after its last day."""
IDLE = 30.0
"""Seconds after which leases ran out, and what was sent was done."""
PREFIX = "bowline-soak-"
PASSWORD = "a-password-of-a-rehearsal"
GIVEN = {
    "KEEP_CHECKS_DAYS": "10",
    "SCHEDULE_ASSUMES_A_SECOND": "5",
    "SPINNAKER_ALLOWED_NETWORKS": "127.0.0.0/8",
    "SPINNAKER_ALLOW_HTTP": "true",
}
"""Settings other than by default: a month has to delete something, and what was written
down was connected to a Spinnaker on its own machine.
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/soak", description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=120, help="0: days that follow at once"
    )
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep logs and data")
    options = parser.parse_args()
    began = time.monotonic()
    recorded = sorted(RECORDED.iterdir())[0]
    with folder_of_its_own(keep=options.keep) as name:
        folder = Path(name)
        say(f"Servers, logs and data are in {folder}")
        aws = (recorded / "aws.tar.xz").read_bytes()
        with organization_of(folder, aws, options.accounts) as organization:
            say(f"{options.accounts} accounts in the emulated AWS")
            site = Site(folder, {**GIVEN, **organization.credentials.environment})
            with site.running():
                upgrade(site, recorded)
                site.start()
                say(f"All servers run: {site.url}")
                sys.exit(play(options, site, organization, recorded.name, began))


def folder_of_its_own(*, keep: bool) -> AbstractContextManager[str]:
    if keep:
        return nullcontext(mkdtemp(prefix=PREFIX))
    return TemporaryDirectory(prefix=PREFIX)


def say(what: str) -> None:
    print(time.strftime("%H:%M:%S"), what, file=sys.stderr, flush=True)


def upgrade(site: Site, recorded: Path) -> None:
    """Load the database of an older version, and bring it up to date."""
    site.start_database()
    dumped = lzma.decompress((recorded / "postgresql.sql.xz").read_bytes())
    on_postgresql.load(dumped, site.database.url)
    site.manage("migrate", "--verbosity=0")
    site.manage("collectstatic", "--no-input", "--verbosity=0")
    os.environ |= site.environment
    import django  # after the environment that its settings read

    django.setup()


def play(
    options: argparse.Namespace,
    site: Site,
    organization: Organization,
    recorded: str,
    began: float,
) -> int:
    """Play the month, print its report, and return the exit code."""
    from script.rehearsal.agreement import checks, resources
    from script.rehearsal.figures import Figures
    from script.rehearsal.nights import night, send, settle
    from script.rehearsal.report import Played, commit, report

    month = people(site, organization, random.Random(options.seed))
    ends = began + options.minutes * 60
    others = {"emulated AWS": organization.group}
    with Figures(site, others) as figures:
        month.approve_waiting()
        month.describe_all()
        month.onboard(month.to_plan())
        month.install()
        starts, day = time.monotonic(), 0
        eventful = options.days - CALM
        left = max(1.0, ends - LAST - starts) if options.minutes else 0
        each = left / options.days
        while day < eventful and (not each or time.monotonic() < ends - LAST):
            day, begins = day + 1, time.monotonic()
            guarded(month, month.day, day, trouble(site, month, day, eventful))
            guarded(month, night, month, day, calm=False)
            say(f"Day {day} took {time.monotonic() - begins:.0f} of {each:.0f} s")
            rest_until(starts + day * each)
        for _ in range(CALM):
            day += 1
            guarded(month, month.calm_day, day + LATER)
            guarded(month, night, month, day, calm=True)
        guarded(month, month.calm_day, day + LATER)
        settle()
        send("delete_old")
        time.sleep(IDLE)
        figures.take()
        warm = figures.connections[len(figures.connections) // 5].at
        found = [*checks(site, month), *resources(figures, since=warm)]
        for name, times in (+site.ended).items():
            month.note(f"{name} ended by itself, and was started again", times)
        seconds = time.monotonic() - began
        from accounts.models import ManagedAccount

        played = Played(
            days=day,
            accounts=ManagedAccount.objects.count(),
            given=options.accounts,
            asked=options.minutes,
            minutes=seconds / 60,
            recorded=recorded,
            calm=CALM,
            commit=commit(),
        )
        print(
            report(played, figures, sorted(month.count.items()), found, month.troubles)
        )
    wrong = [one for one in found if one.wrong]
    for one in wrong:
        say(f"{one.what}: {one.wrong}")
    return 1 if wrong or month.troubles else 0


def guarded(month: Month, play: Callable[..., None], *given: Any, **named: Any) -> None:
    """Play it; what it raises is a trouble, and the month goes on."""
    try:
        play(*given, **named)
    except Exception as error:
        traceback.print_exc()
        month.troubles.append(f"{play.__name__}: {type(error).__name__}: {error}")


def rest_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


def people(site: Site, organization: Organization, dice: random.Random) -> Month:
    """Give tokens to two of the recorded people, and a password to the third."""
    from django.contrib.auth.models import User
    from django.utils import timezone

    from accounts.tokens.api_tokens import make
    from script.rehearsal.agreement import TOKEN
    from script.rehearsal.days import Month
    from script.rehearsal.people import Caller, Reader

    year = timezone.now() + timedelta(days=364)
    callers = {}
    for name, scopes in (("grace", ["operate"]), ("olga", ["approve"])):
        person = User.objects.get(username=name)
        token = make(person, uuid.uuid4(), name=TOKEN, scopes=scopes, expires_at=year)
        callers[name] = Caller(site.url, token)
    reader = User.objects.get(username="vic")
    reader.set_password(PASSWORD)
    reader.save()
    return Month(
        organization,
        callers["grace"],
        callers["olga"],
        Reader(site.url, "vic", PASSWORD),
        dice,
    )


def trouble(site: Site, month: Month, day: int, days: int) -> Callable[[], None]:
    """Choose what happens in the middle of a day's rollout, in the first half of the
    month: the second shows what memory does.
    """
    kinds = (
        ("worker", True),
        ("web", True),
        ("broker", False),
        ("worker", False),
        ("PostgreSQL", False),
        ("schedule", True),
        ("beat", True),
    )
    if day > max(days // 2, 1):
        return lambda: None
    name, killed = kinds[(day - 1) % len(kinds)]

    def happen() -> None:
        site.servers[name].again(killed=killed)
        month.note(f"{name} {'killed' if killed else 'stopped'} and started again")

    return happen


if __name__ == "__main__":
    main()
