"""A site of N accounts, made in the database at once, for script/bench capacity: what
its pages, its queue and a worker's process cost while AWS's answers take a fixed time.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Container
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from script.bench_file import peak, timed
from script.bench_pages import administrator, make_accounts, opened

if TYPE_CHECKING:
    from django.db.models import Model
    from django.test import Client

    from accounts.models import ManagedAccount, Run

CHECKS, CHECKS_MADE = 40, 10
"""Results of a verification, and how many of them are made here: four times as many
rows would only take longer to make.
"""
CALLS, ANSWER = 25, 0.02
"""What a verification with EC2 asks AWS, and the seconds to each answer here."""
THREADS, SECONDS = 32, 15
"""The runs that one process carries at once, and for how long it is watched."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a site with that many accounts costs."""

    accounts: int
    rows: int
    """Of an account, in all tables."""
    kilobytes: float
    """Of an account, with indexes."""
    pages: dict[str, float]
    """Milliseconds, by name."""
    exports: dict[str, float]
    """Seconds until all of a file was there, by its name."""
    export_megabytes: int
    """Of the process that wrote them, one after the other."""
    begun: int
    """Verifications that one minute of the night begins."""
    begins: float
    """Seconds that beginning them takes."""
    messages: float
    """Kilobytes on the broker while every account waits."""
    carried: float
    """Runs a second of one process, while every account waits."""
    megabytes: int
    """Of that process, pages included."""

    @property
    def slowest(self) -> str:
        return max(self.pages, key=lambda name: self.pages[name])


PAGES = {
    "overview": "/",
    "accounts": "/accounts/",
    "accounts, last page": "/accounts/?page={last}",
    "accounts, searched": "/accounts/?q=account-7",
    "runs": "/runs/",
    "runs that failed": "/runs/?status=failed",
    "search": "/search/?text=account-7",
    "settings": "/settings/",
}
BY_A_WORKER = {
    "accounts (CSV)": ("accounts", "csv"),
    "accounts file (YAML)": ("accounts-file", "yaml"),
}
STREAMED = {"runs (CSV)": "/runs.csv"}
EXPORTS = (*BY_A_WORKER, *STREAMED)


def sampled(count: int) -> Sample:
    import django  # after the environment that its settings read

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from redis import Redis

    from accounts.models import Run
    from accounts.tasks import verify_all
    from accounts.work.queue import wake

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    rows, size = make_site(count)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client = Client()
    client.force_login(administrator())
    last = max(count // 50, 1)
    pages = {
        name: opened(client, name, url.format(last=last)).milliseconds
        for name, url in PAGES.items()
    }
    _, begins = timed(verify_all)
    begun = Run.objects.filter(status="verifying")
    number = begun.count()
    begun.update(status="verified", finished_at=None)
    multiply_waiting(count)
    waiting = Run.objects.waiting()
    if runs := waiting.order_by("created_at")[:200]:
        wake(*runs)
    broker = Redis.from_url(settings.CELERY_BROKER_URL)
    messages = sum(broker.memory_usage(key) or 0 for key in broker.scan_iter()) / 1000
    before = waiting.count()
    carry_for(SECONDS)
    carried = before - Run.objects.filter(status="planning").count()
    megabytes = peak()
    files = {
        name: partial(written_by_a_worker, *asked)
        for name, asked in BY_A_WORKER.items()
    } | {name: partial(streamed, client, url) for name, url in STREAMED.items()}
    exports = {name: timed(write)[1] for name, write in files.items()}
    return Sample(
        accounts=count,
        rows=rows,
        kilobytes=size / count / 1000,
        pages=pages,
        exports=exports,
        begun=number,
        begins=begins,
        messages=messages,
        carried=carried / SECONDS,
        megabytes=megabytes,
        export_megabytes=peak(),
    )


def written_by_a_worker(name: str, form: str) -> None:
    from django.contrib.auth.models import User

    from accounts.discover.lookups import Own
    from accounts.web.exports.own_answers import exported

    by = User.objects.get()
    assert exported(by, Own(by.pk, form, name=name), b"")


def streamed(client: Client, url: str) -> None:
    assert len(b"".join(client.get(url))) > 100


def make_site(count: int) -> tuple[int, float]:
    """Make accounts, each verified once; return the rows of one, and bytes of all."""
    from django.utils import timezone

    from accounts.models import (
        CheckResult,
        EnabledProvider,
        ManagedAccount,
        ManagingAccount,
        Run,
        SpinnakerName,
    )
    from accounts.models.runs import RunNumber
    from script.bench_history import result, run_of

    ManagingAccount.objects.create(
        name="core",
        account_id="100000000001",
        organization="o-a1b2c3d4e5",
        state="verified",
        verified_at=timezone.now(),
    )
    (account,) = make_accounts(1)
    SpinnakerName.objects.create(name=account.name, account=account)
    key = multiply_account(account, count, prefix="account", first=500_000_000_000)
    (run,) = Run.objects.bulk_create([run_of(account, timezone.now())])
    RunNumber.objects.bulk_create((RunNumber() for _ in range(1, count)), 5000)
    verified = "md5('run-' || n)::uuid"
    multiply(run, count, id=verified, number="n", account_id=key)
    Run.objects.update(created_at=timezone.now() - timedelta(days=1))
    checks = CheckResult.objects.bulk_create(
        result(run, position, timezone.now(), failed=False)
        for position in range(CHECKS_MADE)
    )
    for check in checks:
        multiply(check, count, run_id=verified)
    per_account = (ManagedAccount, EnabledProvider, SpinnakerName, Run, CheckResult)
    rows = size = 0
    for model in per_account:
        times = CHECKS / CHECKS_MADE if model is CheckResult else 1
        size += int(bytes_of(model) * times)
        rows += int(model._default_manager.count() * times)
    return rows // count, size


def multiply_account(
    account: ManagedAccount, count: int, *, prefix: str, first: int
) -> str:
    """Insert copies of the account, number 2 to `count`, with its providers and its
    name in Spinnaker; return their keys as SQL.
    """
    from accounts.models import SpinnakerName

    key, name = f"md5('{prefix}-' || n)::uuid", f"'{prefix}-' || n"
    own = {"account_id": f"({first} + n)::text", "external_id": "gen_random_uuid()"}
    multiply(account, count, id=key, name=name, **own)
    for provider in account.providers.all():
        multiply(provider, count, account_id=key)
    in_spinnaker = SpinnakerName.objects.get(account=account)
    multiply(in_spinnaker, count, name=name, account_id=key)
    return key


def multiply(row: Model, count: int, **columns: str) -> None:
    """Insert copies of the row, number 2 to `count`, with columns as SQL says."""
    from django.db import connection

    meta = row._meta
    names = copied(type(row), columns)
    values = ", ".join(columns.get(name, f't."{name}"') for name in names)
    into = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{meta.db_table}" ({into}) SELECT {values} '
            f'FROM "{meta.db_table}" t, generate_series(2, %s) n '
            f'WHERE t."{meta.pk.column}" = %s',
            [count, row.pk],
        )


def copied(model: type[Model], columns: Container[str]) -> list[str]:
    """List the columns that a copy has, other than those the database makes itself."""
    return [
        str(field.column)
        for field in model._meta.concrete_fields
        if field.column in columns or not (field.primary_key or field.generated)
    ]


def multiply_waiting(count: int) -> None:
    """Let a run of every account wait for a worker."""
    from django.utils import timezone

    from accounts.models import ManagedAccount, Run
    from script.bench_history import run_of

    run = run_of(ManagedAccount.objects.get(name="account-0"), timezone.now())
    run.status, run.started_from, run.finished_at = "planning", Run.Origin.PAGE, None
    run.save()
    multiply(
        run,
        count,
        id="md5('waiting-' || n)::uuid",
        number=f"{3 * count} + n",
        account_id="md5('account-' || n)::uuid",
    )


def bytes_of(model: type[Model]) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size(%s)", [model._meta.db_table])
        (size,) = cursor.fetchone()
    return int(size)


def carry_for(seconds: float) -> None:
    """Let a process's pool carry what waits, AWS's answers being a pause."""
    from django.db.models import Q

    from accounts.work.threads import leases_extended
    from accounts.workers.pool import RunPool

    with leases_extended():
        pool = RunPool(Q(), THREADS, carry)
        pool.start()
        time.sleep(seconds)
        pool.stop(10)


def carry(run: Run) -> None:
    """Do what a stage does with the database, and wait where it asks AWS.

    A stage holds its scope as long as it runs, so all of them are in memory at once.
    """
    from django.utils import timezone

    from accounts.models import CheckResult
    from accounts.runs.scope import Scope
    from script.bench_history import result

    scope = Scope.load(run)
    time.sleep(CALLS * ANSWER)
    assert scope.sides
    now = timezone.now()
    CheckResult.objects.bulk_create(
        result(run, position, now, failed=False) for position in range(CHECKS)
    )
    run.extend_lease()
    run.status, run.finished_at = "verified", now
    run.save(update_fields=["status", "finished_at"])
    run.free_lease()


if __name__ == "__main__":
    sample: Any = asdict(sampled(int(sys.argv[1])))
    print(json.dumps(sample))
