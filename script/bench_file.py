"""An accounts file of N rows: checked, previewed and saved, compared with a tenth of it
and with accounts that are described one by one.

Each size has its own PostgreSQL and process, and the file is uploaded as a browser
would, through all middleware: first every account is new, then each is edited so that
it is outdated. Peak memory is that of the whole process, Django included.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from onboarding.bounded_yaml import MOST_BYTES
from script.own_process import in_a_process

if TYPE_CHECKING:
    from django.test import Client

MANY, PART = 10_000, 10
ONE_BY_ONE = 100
"""Accounts that are described one by one, for comparison."""
TIMES = 5
"""Each page is opened so often; the median counts."""
SECONDS, MEGABYTES, PAGE = 20, 300, 100
"""The goals for 10,000 rows: checked and saved, at most, and milliseconds a page."""
HEADING = "name,account_id,environment,regions,access_role,READ,ec2,lambda,eks\n"
EKS = '"{clusters: [{name: apps, region: us-east-1, namespaces: []}]}"'


@dataclass(frozen=True, slots=True)
class Cost:
    """What a file of that many rows cost; seconds by the clock, and of a core."""

    rows: int
    checked: float
    saved: float
    checked_again: float
    saved_again: float
    core: float
    """Seconds of a core for all four."""
    page: float
    """Milliseconds for a page of the preview."""
    before: int
    peak: int
    """Megabytes of the process, before the first upload and at most."""
    one_by_one: float
    """Seconds to describe an account alone."""

    @property
    def new(self) -> float:
        return self.checked + self.saved

    @property
    def edited(self) -> float:
        return self.checked_again + self.saved_again


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/bench file", description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=MANY)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        print(json.dumps(asdict(measured(options.rows))))
        return
    few, many = in_its_own(max(options.rows // PART, 1)), in_its_own(options.rows)
    for line in table(few, many):
        print(line)


def table(few: Cost, many: Cost) -> list[str]:
    more = many.rows / few.rows

    def line(what: str, small: float, large: float, unit: str) -> str:
        ratio = large / small
        return f"{what:24}{small:10.2f} {unit:4}{large:12.2f} {unit:4}{ratio:7.1f} ×"

    alone = many.one_by_one * many.rows
    goals = many.new < SECONDS and many.edited < SECONDS
    return [
        f"{'':20}{few.rows:>10,} rows {many.rows:>12,} rows{more:9.1f} ×",
        line("checked, all new", few.checked, many.checked, "s"),
        line("saved, all new", few.saved, many.saved, "s"),
        line("checked, all edited", few.checked_again, many.checked_again, "s"),
        line("saved, all edited", few.saved_again, many.saved_again, "s"),
        line("seconds of a core", few.core, many.core, "s"),
        line("a page of the preview", few.page, many.page, "ms"),
        line("peak memory", few.peak, many.peak, "MB"),
        f"Before the first upload: {many.before} MB.",
        f"Described one by one: {alone:.0f} s for {many.rows:,} accounts (from "
        f"{ONE_BY_ONE}), {alone / many.new:.1f} × the file's {many.new:.1f} s.",
        f"New or edited within {SECONDS} s: {said(goals)}. Under {MEGABYTES} MB: "
        f"{said(many.peak < MEGABYTES)}. Page under {PAGE} ms: "
        f"{said(many.page < PAGE)}.",
    ]


def said(holds: bool) -> str:
    return "yes" if holds else "no"


def in_its_own(rows: int) -> Cost:
    return Cost(**in_a_process("bench_file", str(rows), "--here"))


def measured(rows: int) -> Cost:
    import django  # after the environment that its settings read

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client

    from accounts.mapping.accounts_file import outcome
    from accounts.models import ManagedAccount, ManagingAccount

    outcome.MOST_IN_A_REQUEST = MOST_BYTES  # here, a request does what a worker would
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    ManagingAccount.objects.create(name="core", account_id="100000000001")
    client = Client()
    client.force_login(User.objects.create_superuser("bench", password=None))
    client.get("/accounts/file/")  # the first request of a process loads templates
    before, core = peak(), time.process_time()
    preview, checked = timed(lambda: upload(client, rows, "test"))
    core = time.process_time() - core
    page = statistics.median(
        timed(lambda: client.get(preview))[1] * 1000 for _ in range(TIMES)
    )
    core -= time.process_time()
    _, saved = timed(lambda: save(client, preview))
    ManagedAccount.objects.update(state="verified", verification="verified")
    preview, checked_again = timed(lambda: upload(client, rows, "production"))
    _, saved_again = timed(lambda: save(client, preview))
    core += time.process_time()
    found = ManagedAccount.objects.filter(state="outdated", environment="production")
    assert found.count() == rows
    return Cost(
        rows=rows,
        checked=checked,
        saved=saved,
        checked_again=checked_again,
        saved_again=saved_again,
        core=core,
        page=page,
        before=before,
        peak=peak(),
        one_by_one=described_one_by_one(rows) / ONE_BY_ONE,
    )


def peak() -> int:
    """Return the most megabytes that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    done = work()
    return done, time.perf_counter() - began


def content(first: int, rows: int, environment: str) -> bytes:
    lines = (
        f"account-{number},{500_000_000_000 + number},{environment},"
        f"us-east-1;eu-west-1,BowlineAccess,developers,yes,access: read,{EKS}\n"
        for number in range(first, first + rows)
    )
    return (HEADING + "".join(lines)).encode()


def upload(client: Client, rows: int, environment: str) -> str:
    """Upload a file, and return the address of its preview."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("accounts.csv", content(0, rows, environment))
    answer = client.post("/accounts/file/", {"file": file})
    assert answer.status_code == 302, answer.content
    return answer["Location"]


def save(client: Client, preview: str) -> None:
    from accounts.models import Upload

    upload = Upload.objects.latest("at")
    client.post(preview, {"save": "1", "seen": upload.digest})
    upload.refresh_from_db()
    assert upload.saved_at


def described_one_by_one(first: int) -> float:
    """Describe accounts as the wizard does, and return the seconds."""
    from accounts.mapping.accounts_file import describe
    from accounts.models import ManagedAccount
    from onboarding.accounts_file import read_accounts_file

    file = read_accounts_file(content(first, ONE_BY_ONE, "test"), csv=True)
    began = time.perf_counter()
    for one in file.accounts:
        describe(ManagedAccount(), one, None)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
