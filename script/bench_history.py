"""What verifications leave in the database: N accounts, verified in M nights.

The same nights are kept twice, each in its own PostgreSQL: with a row for every result,
and with the results of superseded verifications folded, as workers do every hour. In
each night one account in fifty is refused something.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from script.own_process import in_a_process

if TYPE_CHECKING:
    from accounts.models import CheckResult, ManagedAccount, Run

ACCOUNTS, NIGHTS, CHECKS = 200, 30, 40
REFUSED = 50
"""One account in this number fails a check, another one each night."""
LARGE_ACCOUNTS, LARGE_NIGHTS = 10_000, 90
"""What the figures are extrapolated to."""
TABLES = ("checkresult", "findings", "run")

Sizes = dict[str, tuple[int, int]]
"""Rows, and bytes with indexes, by table."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/bench history", description=__doc__)
    parser.add_argument("accounts", type=int, nargs="?", default=ACCOUNTS)
    parser.add_argument("--nights", type=int, default=NIGHTS)
    parser.add_argument("--here", choices=("rows", "folded"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    accounts, nights = options.accounts, options.nights
    if options.here:
        print(json.dumps(measured(accounts, nights, folds=options.here == "folded")))
        return
    rows, folded = (in_its_own(accounts, nights, how) for how in ("rows", "folded"))
    print(f"{accounts:,} accounts × {nights} nights × {CHECKS} checks")
    print(f"{'':16}{'rows before':>13}{'after':>12}{'MB before':>13}{'after':>10}")
    for table in TABLES:
        (before, size), (after, smaller) = rows[table], folded[table]
        print(f"{table:16}{before:13,}{after:12,}{mb(size):13.1f}{mb(smaller):10.1f}")
    before, after = total(rows), total(folded)
    print(f"{'together':41}{mb(before):13.1f}{mb(after):10.1f}{after / before:8.1%}")
    large = LARGE_ACCOUNTS / accounts, LARGE_NIGHTS / nights
    print(
        f"\n{LARGE_ACCOUNTS:,} accounts, {LARGE_NIGHTS} nights: "
        f"{extrapolated(rows, *large, grows=TABLES) / 1e9:.1f} GB before, "
        f"{extrapolated(folded, *large, grows=('findings', 'run')) / 1e9:.1f} GB after"
    )


def mb(size: int) -> float:
    return size / 1e6


def total(sizes: Sizes) -> int:
    return sum(size for _, size in sizes.values())


def extrapolated(
    sizes: Sizes, accounts: float, nights: float, *, grows: tuple[str, ...]
) -> float:
    """Multiply by accounts, and by nights what `grows` with them."""
    return sum(
        size * accounts * (nights if table in grows else 1)
        for table, (_, size) in sizes.items()
    )


def in_its_own(accounts: int, nights: int, how: str) -> Sizes:
    found = in_a_process(
        "bench_history", str(accounts), "--nights", str(nights), "--here", how
    )
    return {table: (rows, size) for table, (rows, size) in found.items()}


def measured(accounts: int, nights: int, *, folds: bool) -> Sizes:
    import django  # after the environment that its settings read

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    for _ in verified(accounts, nights, folds=folds):
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # as PostgreSQL does by itself
    sizes = {}
    with connection.cursor() as cursor:
        for name in TABLES:
            table = f"accounts_{name}"
            cursor.execute(f"SELECT count(*) FROM {table}")
            (rows,) = cursor.fetchone()
            cursor.execute("SELECT pg_total_relation_size(%s)", [table])
            (size,) = cursor.fetchone()
            sizes[name] = rows, size
    return sizes


def verified(accounts: int, nights: int, *, folds: bool) -> Iterator[int]:
    """Keep a verification of each account for each night; yield after each night."""
    from django.utils import timezone

    from accounts.models import CheckResult, ManagedAccount, Run
    from accounts.runs.retention import fold_superseded

    first = timezone.now() - timedelta(days=nights)
    rows = ManagedAccount.objects.bulk_create(
        ManagedAccount(
            name=f"account-{number}",
            account_id=str(500_000_000_000 + number),
            granted_at=first,
        )
        for number in range(accounts)
    )
    for night in range(nights):
        at = first + timedelta(days=night)
        runs = Run.objects.bulk_create(run_of(row, at) for row in rows)
        Run.objects.filter(pk__in=[run.pk for run in runs]).update(created_at=at)
        CheckResult.objects.bulk_create(
            (
                result(run, position, at, failed=number % REFUSED == night % REFUSED)
                for number, run in enumerate(runs)
                for position in range(CHECKS)
            ),
            batch_size=5000,
        )
        if folds:
            fold_superseded()
        yield night


def run_of(account: ManagedAccount, at: datetime) -> Run:
    from accounts.models import Run

    return Run(
        account=account,
        account_name=account.name,
        kind=Run.Kind.VERIFY,
        status="verified",
        started_from=Run.Origin.SCHEDULE,
        finished_at=at,
        moved_at=at,
    )


def result(run: Run, position: int, at: datetime, *, failed: bool) -> CheckResult:
    from accounts.models import CheckResult

    account = run.account
    role = f"arn:aws:iam::{account.account_id if account else ''}:role/spinnakerManaged"
    fails = failed and position == 0
    return CheckResult(
        run=run,
        position=position,
        provider="ec2",
        name=f"Call number {position} that Clouddriver makes in us-east-1",
        outcome="failed" if fails else "passed",
        sentence=f"AWS {'refused' if fails else 'answered'} {role}.",
        fix="Plan again, review what differs, and approve it." if fails else "",
        seconds=0.04 + (hash((run.pk, position)) % 100) / 1000,
        checked_at=at,
    )


if __name__ == "__main__":
    main()
