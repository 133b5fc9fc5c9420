"""A site of N accounts, made in its database: one account with its rows, and copies.

Every account was verified; one in twenty waits for approval of the same plan, and a
rollout works on one in a hundred. Import this after Django was set up.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, models
from django.db.models.functions import Now
from django.utils import timezone

from accounts.discover.comparisons import NEXT_QUESTION, compared_next
from accounts.models import (
    Bundle,
    CheckResult,
    ManagedAccount,
    Member,
    Organization,
    Rollout,
    Run,
    SpinnakerName,
    Unit,
)
from accounts.models.runs import RunNumber
from accounts.spinnaker.bundles import build, new_bundle
from tests.rows import account_row, managing_row, question_row, run_row, step_row

RUNS_EACH, CHECKS_EACH, STEPS_EACH = 10, 10, 12
WAITS = 20
WORKS = "02"
"""How the account IDs end of those that a rollout works on."""
NAME, NUMBERED = "account-1", 500_000_000_000
ACCOUNT_ID = str(NUMBERED + 1)


def copies(row: models.Model, count: int, every: int = 1) -> None:
    """Insert copies of a row of the first account, up to number `count`, for each or
    for one in `every`: what names the account names the copy's.
    """
    table, names, values = row._meta.db_table, [], []
    for field in row._meta.concrete_fields:
        if value := copied(field):
            names.append(f'"{field.column}"')
            values.append(value)
    into, selected = ", ".join(names), ", ".join(values)
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table}" ({into}) SELECT {selected} FROM "{table}" t, '
            f'generate_series(%s, %s, %s) n WHERE t."{row._meta.pk.column}" = %s',
            [1 + every, count, every, row.pk],
        )


def copied(field: Any) -> str:
    """Write as SQL what a copy has; nothing for what the database makes itself."""
    column = f't."{field.column}"'
    target = field.target_field if field.is_relation else field
    if field.generated or (field.primary_key and isinstance(field, models.AutoField)):
        return ""
    if isinstance(target, models.UUIDField):
        ours = target.model in (ManagedAccount, Run)
        return f"md5({column}::text || n)::uuid" if ours else column
    if isinstance(field, models.CharField | models.TextField | models.JSONField):
        named = f"replace({column}::text, '{ACCOUNT_ID}', ({NUMBERED} + n)::text)"
        kind = "::jsonb" if isinstance(field, models.JSONField) else ""
        return f"replace({named}, '{NAME}', 'account-' || n){kind}"
    if field.name == "number":
        return f"nextval(pg_get_serial_sequence('{RunNumber._meta.db_table}', 'id'))"
    return column


def make_accounts(count: int) -> ManagedAccount:
    """Make the accounts, and return the first."""
    now = timezone.now()
    account = account_row(
        NAME,
        providers={"ec2": {}, "lambda": {}},
        account_id=ACCOUNT_ID,
        environment="staging",
        regions=["us-east-1", "us-west-2"],
        access_role="BowlineAccess",
        uses_external_id=False,
        state="verified",
        verification="verified",
        verified_at=now,
        granted_at=now,
    )
    name = SpinnakerName.objects.create(name=NAME, account=account)
    for row in (account, *account.providers.all(), name):
        copies(row, count)
    return account


def make_runs(account: ManagedAccount, count: int) -> tuple[Run, Rollout]:
    """Make the runs of each account, and a rollout of what is newest; return the plan
    of the first account, which waits.
    """
    now = timezone.now()
    for number in range(RUNS_EACH):
        status = "failed" if number == 0 else "verified"
        newest = {"wave": 3} if number == RUNS_EACH - 1 else {}
        ended = run_row(
            status, account=account, moved_at=now, finished_at=now, **newest
        )
        copies(ended, count)
    for position in range(CHECKS_EACH):
        check = CheckResult.objects.create(
            run=ended,
            position=position,
            provider="ec2",
            name=f"Check {position}",
            outcome="passed",
            sentence=f"AWS answered ec2:DescribeSubnets in {ACCOUNT_ID}.",
        )
        copies(check, count)
    waits = run_row(account=account, moved_at=now, fingerprint="b" * 32, wave=3)
    copies(waits, count, every=WAITS)
    for _ in range(STEPS_EACH):
        step = step_row(waits, account_id=ACCOUNT_ID, account_name=NAME)
        copies(step, count, every=WAITS)
    rollout = Rollout.objects.create(state="applying")
    planned = Run.objects.filter(status="planned")
    theirs = planned.values("account")
    planned.update(rollout=rollout)
    ended_ones = Run.objects.filter(wave=3, status="verified")
    ended_ones.exclude(account__in=theirs).update(rollout=rollout, moved_at=Now())
    works = Run.objects.filter(rollout=rollout, account__account_id__endswith=WORKS)
    works.update(status="applying", finished_at=None)
    ManagedAccount.objects.filter(pk__in=theirs).update(state="planned")
    return waits, rollout


def make_organization(count: int) -> None:
    """Read an organization that has as many accounts again."""
    now = timezone.now()
    organization = Organization.objects.create(
        partition="aws",
        account_id="100000000001",
        organization_id="o-a1b2c3d4e5",
        reading=1,
        read_at=now,
    )
    unit = Unit.objects.create(
        organization=organization,
        unit_id="ou-root-00000001",
        path="Root / unit",
        lineage="/r-root/ou-root-00000001/",
        seen_in=1,
    )
    member = Member.objects.create(
        organization=organization,
        account_id=ACCOUNT_ID,
        name=f"The {NAME}",
        called=NAME,
        email=f"{NAME}@example.com",
        state=Member.ACTIVE,
        joined_at=now,
        unit=unit,
        unit_since=now,
        seen_in=1,
    )
    copies(member, 2 * count)


def build_bundle() -> None:
    """Build a bundle of all accounts, as a worker does."""
    bundle = new_bundle(None)
    build(bundle)
    bundle.refresh_from_db()
    assert bundle.status == Bundle.Status.READY, bundle.error


def make_site(count: int) -> dict[str, str]:
    """Fill the database, and give the address of each page by its name."""
    managing_row(
        account_id="100000000001",
        organization="o-a1b2c3d4e5",
        state="verified",
        verified_at=timezone.now(),
    )
    account = make_accounts(count)
    some = ManagedAccount.objects.filter(account_id__regex="[0-4]$")
    some.update(environment="production")
    waits, rollout = make_runs(account, count)
    make_organization(count)
    build_bundle()
    answer = compared_next.answer(NEXT_QUESTION)
    question_row(NEXT_QUESTION, answer=answer, answered_at=timezone.now())
    with connection.cursor() as cursor:
        # No real site wrote each of its rows within a minute.
        cursor.execute("VACUUM (FULL)")
        cursor.execute("VACUUM (ANALYZE)")
    of_account = f"/accounts/{account.pk}"
    newest = Run.objects.filter(account=account, wave=3).earliest("number")
    return {
        "overview": "/",
        "accounts": "/accounts/",
        "accounts, one environment": "/accounts/?environment=staging",
        "accounts, searched": "/accounts/?text=account-7",
        "accounts, last page": f"/accounts/?page={max(count // 50, 1)}",
        "search": "/search/?text=account-7",
        "organization": "/accounts/organization/",
        "organization, searched": "/accounts/organization/?text=account-&known=no",
        "an account": f"{of_account}/",
        "its permissions": f"{of_account}/permissions/",
        "its access step": f"{of_account}/access/",
        "its review step": f"{of_account}/review/",
        "managing account": "/managing/",
        "runs": "/runs/",
        "runs that failed": "/runs/?status=failed",
        "a run": newest.get_absolute_url(),
        "a plan": waits.get_absolute_url(),
        "identical plans": f"/runs/same/{waits.fingerprint}/",
        "rollouts": "/runs/rollouts/",
        "a rollout": rollout.get_absolute_url(),
        "bundles": "/bundles/",
        "a bundle": "/bundles/1/",
        "the next bundle": "/bundles/next/",
        "settings": "/settings/",
        "the person": "/you/",
    }
