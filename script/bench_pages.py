"""How long the server takes for each page at N accounts, compared with ten accounts.

Each site has its own PostgreSQL and process, and a page is opened as a browser would,
through all middleware. Every account has ten runs, the last one with its checks; one
account in twenty waits for approval, all with the same plan. All are part of a rollout,
which works on one in two hundred.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from script.own_process import in_a_process

if TYPE_CHECKING:
    from django.test import Client

FEW, MANY = 10, 10_000
RUNS_EACH, CHECKS_EACH, STEPS_EACH = 10, 10, 12
WAITS = 20
"""One account in this number waits for approval."""
WORKS = 200
"""A rollout works on one account in this number."""
TIMES = 5
"""Each page is opened so often; the median counts."""
GOAL = 100
"""Milliseconds for each page."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one page cost."""

    name: str
    milliseconds: float
    queries: int
    kilobytes: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/bench pages", description=__doc__)
    parser.add_argument("accounts", type=int, nargs="?", default=MANY)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        print(json.dumps([asdict(page) for page in measured(options.accounts)]))
        return
    few, many = in_its_own(FEW), in_its_own(options.accounts)
    print(f"{'':34}{FEW:>10,} accounts {options.accounts:>16,} accounts")
    for small, large in zip(few, many, strict=True):
        more = large.queries - small.queries
        print(
            f"{large.name:<34}{small.milliseconds:8.0f} ms{large.milliseconds:12.0f} ms"
            f"{large.milliseconds / small.milliseconds:7.1f} ×"
            f"{large.queries:5d} queries ({more:+d}){large.kilobytes:8.0f} KB"
        )
    slow = [page.name for page in many if page.milliseconds > GOAL]
    print(f"\nOver {GOAL} ms: {', '.join(slow) or 'none'}")


def in_its_own(count: int) -> list[Page]:
    pages = in_a_process("bench_pages", str(count), "--here")
    return [Page(**page) for page in pages]


def measured(count: int) -> list[Page]:
    import django  # after the environment that its settings read

    django.setup()
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    pages = make_site(count)
    vacuum()
    client = Client()
    client.force_login(administrator())
    return [opened(client, name, url) for name, url in pages.items()]


def vacuum() -> None:
    """Forget that every row was written several times within a minute, which no real
    site does, and then do what its own vacuum does.
    """
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM (FULL)")
        cursor.execute("VACUUM (ANALYZE)")


def opened(client: Client, name: str, url: str) -> Page:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(url)  # the first request of a process loads templates
    with CaptureQueriesContext(connection) as queries:
        page = client.get(url)
        count = len(queries)
    assert page.status_code == 200, f"{url}: {page.status_code}"
    seconds = []
    for _ in range(TIMES):
        began = time.perf_counter()
        client.get(url)
        seconds.append(time.perf_counter() - began)
    milliseconds = statistics.median(seconds) * 1000
    return Page(name, milliseconds, count, len(page.content) / 1000)


def administrator() -> Any:
    from django.contrib.auth.models import User

    return User.objects.create_superuser("bench", password=None)


def make_site(count: int) -> dict[str, str]:
    """Fill the database, and give the URL of each page by its name."""
    from django.utils import timezone

    from accounts.models import ManagedAccount, ManagingAccount

    ManagingAccount.objects.create(
        name="core",
        account_id="100000000001",
        organization="o-a1b2c3d4e5",
        state="verified",
        verified_at=timezone.now(),
    )
    accounts = make_accounts(count)
    waiting, newest = make_runs(accounts)
    rollout = make_rollout(waiting, newest)
    planned = [run.account_id for run in waiting]
    ManagedAccount.objects.filter(pk__in=planned).update(state="planned")
    make_bundle()
    verify_all("us-east-1")
    make_bundle()
    verify_all("us-east-1", "eu-west-1")
    compare()
    make_organization(accounts)
    account = accounts[-1]
    of_account = f"/accounts/{account.pk}"
    return {
        "overview": "/",
        "accounts": "/accounts/",
        "accounts, one environment": "/accounts/?environment=staging",
        "accounts, searched": "/accounts/?q=account-7",
        "search": "/search/?text=account-7",
        "organization": "/accounts/organization/",
        "organization, searched": "/accounts/organization/?text=account-7&known=no",
        "accounts, last page": f"/accounts/?page={max(count // 50, 1)}",
        "an account": f"{of_account}/",
        "its permissions": f"{of_account}/permissions/",
        "its access step": f"{of_account}/access/",
        "its review step": f"{of_account}/review/",
        "managing account": "/managing/",
        "runs": "/runs/",
        "runs that failed": "/runs/?status=failed",
        "a run": newest[-1].get_absolute_url(),
        "a plan": waiting[0].get_absolute_url(),
        "identical plans": f"/runs/same/{waiting[0].fingerprint}/",
        "rollouts": "/runs/rollouts/",
        "a rollout": rollout.get_absolute_url(),
        "bundles": "/bundles/",
        "a bundle": "/bundles/1/",
        "what two bundles change": "/bundles/2/since/1/",
        "the next bundle": "/bundles/next/",
        "settings": "/settings/",
        "the person": "/you/",
    }


def make_accounts(count: int) -> list[Any]:
    from django.utils import timezone

    from accounts.models import EnabledProvider, ManagedAccount

    now = timezone.now()
    environments = ("production", "staging", "test")
    accounts = ManagedAccount.objects.bulk_create(
        ManagedAccount(
            name=f"account-{number}",
            account_id=str(500_000_000_000 + number),
            environment=environments[number % len(environments)],
            access_role="BowlineAccess",
            uses_external_id=False,
            state="verified",
            verification="verified",
            verified_at=now - timedelta(hours=number % 100),
            granted_at=now,
        )
        for number in range(count)
    )
    EnabledProvider.objects.bulk_create(
        EnabledProvider(account=account, key=key, details={}, has_details=True)
        for account in accounts
        for key in ("ec2", "ecs")
    )
    verify_all("us-east-1", "eu-west-1")
    rows = ManagedAccount.objects.all()
    return sorted(rows, key=lambda row: int(row.account_id))


def verify_all(*regions: str) -> None:
    """Prove all accounts with these regions."""
    from accounts.mapping.entries import described_entries
    from accounts.mapping.managed import managed_of
    from accounts.mapping.managing import managing_of
    from accounts.mapping.verified import verified_of
    from accounts.models import ManagedAccount, ManagingAccount

    managing = managing_of(ManagingAccount.objects.get())
    ManagedAccount.objects.update(regions=list(regions))
    rows = list(ManagedAccount.objects.prefetch_related("providers"))
    for row in rows:
        row.approved_entries = described_entries(managing, managed_of(row))
        row.approved_version = row.version
        row.verified = verified_of(row, "verified")
    fields = ["approved_entries", "approved_version", "verified"]
    ManagedAccount.objects.bulk_update(rows, fields, batch_size=500)


def make_runs(accounts: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return the plans that wait, and the run of each account that ended last."""
    from django.utils import timezone

    from accounts.models import CheckResult, Run, Step

    ended = Run.objects.bulk_create(
        (
            Run(
                account=account,
                account_name=account.name,
                status="failed" if number == 0 else "verified",
                finished_at=timezone.now(),
            )
            for number in range(RUNS_EACH)
            for account in accounts
        ),
        batch_size=2000,
    )
    waiting = Run.objects.bulk_create(
        Run(
            account=account,
            account_name=account.name,
            status="planned",
            fingerprint="b" * 32,
            version=account.version,
        )
        for account in accounts[::WAITS]
    )
    Step.objects.bulk_create(
        (
            Step(
                run=run,
                position=position,
                account_id=account.account_id,
                account_name=account.name,
                verb="create",
                kind="policy",
                name=f"BowlineManaged-{position}",
                reason="Spinnaker deploys by it.",
                after={"document": {"Version": "2012-10-17", "Statement": []}},
            )
            for run, account in zip(waiting, accounts[::WAITS], strict=True)
            for position in range(STEPS_EACH)
        ),
        batch_size=2000,
    )
    newest = ended[-len(accounts) :]
    CheckResult.objects.bulk_create(
        (
            CheckResult(
                run=run,
                position=position,
                provider="ec2",
                name=f"Check {position}",
                outcome="passed",
                sentence="AWS answered ec2:DescribeSubnets.",
            )
            for run in newest
            for position in range(CHECKS_EACH)
        ),
        batch_size=5000,
    )
    return waiting, newest


def make_rollout(waiting: list[Any], newest: list[Any]) -> Any:
    """Make one rollout of them, which works on some."""
    from django.db.models.functions import Now

    from accounts.models import Rollout, Run

    rollout = Rollout.objects.create(state="applying")
    theirs = {run.account_id for run in waiting}
    ended = [run.pk for run in newest if run.account_id not in theirs]
    runs = Run.objects.filter(pk__in=[*ended, *(run.pk for run in waiting)])
    runs.update(rollout=rollout, wave=3, moved_at=Now())
    works = runs.filter(pk__in=ended[::WORKS])
    works.update(status="applying", finished_at=None)
    return rollout


def make_bundle() -> None:
    """Build a bundle of all accounts, as a worker does."""
    from accounts.models import Bundle
    from accounts.spinnaker.bundles import build, new_bundle

    bundle = new_bundle(None)
    build(bundle)
    bundle.refresh_from_db()
    assert bundle.status == Bundle.Status.READY, bundle.error


def compare() -> None:
    """Compare the next bundle with the last one, and that with the first."""
    from accounts.discover.comparisons import NEXT_QUESTION
    from accounts.discover.lookups import TWO_BUNDLES, Question, answer
    from accounts.models import Bundle, Lookup

    digests = Bundle.objects.order_by("number").values_list("sha256", flat=True)
    between = Question(TWO_BUNDLES, "aws", bundles=tuple(digests))
    for question in (NEXT_QUESTION, between):
        lookup = Lookup.objects.create(
            question=question.digest,
            topic=question.topic,
            parameters=question.parameters,
            times_asked=1,
        )
        answer(lookup)
        lookup.refresh_from_db()
        assert lookup.answer, lookup.message


def make_organization(accounts: list[Any]) -> None:
    """Read an organization that has as many accounts again, in a unit each hundred."""
    from django.utils import timezone

    from accounts.models import Member, Organization, Unit

    now = timezone.now()
    organization = Organization.objects.create(
        partition="aws",
        account_id="100000000001",
        organization_id="o-a1b2c3d4e5",
        reading=1,
        started_at=now,
        finished_at=now,
        read_at=now,
    )
    units = Unit.objects.bulk_create(
        Unit(
            organization=organization,
            unit_id=f"ou-root-{number:08}",
            path=f"Root / unit {number}",
            lineage=f"/r-root/ou-root-{number:08}/",
            seen_in=1,
        )
        for number in range(max(len(accounts) // 100, 1))
    )
    ids = [account.account_id for account in accounts]
    ids += [str(int(account_id) + 1_000_000) for account_id in ids]
    Member.objects.bulk_create(
        (
            Member(
                organization=organization,
                account_id=account_id,
                name=f"Account {number}",
                called=f"account-{number}",
                email=f"account-{number}@example.com",
                state=Member.ACTIVE,
                joined_at=now,
                unit=units[number % len(units)],
                unit_since=now,
                seen_in=1,
            )
            for number, account_id in enumerate(ids)
        ),
        batch_size=2000,
    )


if __name__ == "__main__":
    main()
