"""`manage.py verify`: every check of every account, without a worker."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any, NamedTuple

import boto3
import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import ManagedAccount, Run
from accounts.models.lease import LEASE
from accounts.models.states import Status
from accounts.runs.actions import plan
from accounts.runs.actions import verify as start
from script.emulated_organization import ACCESS_ROLE, MANAGING, MEMBERS, Credentials
from tests.accounts.runs.carried import onboarded
from tests.rows import account_row, managing_row

pytestmark = pytest.mark.django_db(transaction=True)

DEV = MEMBERS[0]


class Ending(NamedTuple):
    code: int
    out: str
    err: str


def verify(*names: str) -> Ending:
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("verify", *names, threads=1, stdout=out, stderr=err)
    return Ending(int(ended.value.code or 0), out.getvalue(), err.getvalue())


@pytest.fixture
def account(own_aws: Credentials, monkeypatch: pytest.MonkeyPatch) -> ManagedAccount:
    for backoff in ("LONG_BACKOFF", "SHORT_BACKOFF"):
        monkeypatch.setattr(f"accounts.runs.verifying.{backoff}", 0.0)
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)
    row = account_row(DEV.name, account_id=DEV.account_id, access_role=ACCESS_ROLE)
    onboarded(row)
    row.refresh_from_db()
    return row


def iam(organization: Credentials) -> Any:
    return boto3.client(
        "iam",
        endpoint_url=organization.endpoint,
        region_name="us-east-1",
        aws_access_key_id=DEV.account_id,
        aws_secret_access_key="any",
    )


def test_it_prints_the_checklist_and_ends_well(account: ManagedAccount) -> None:
    ending = verify()

    assert ending.code == 0
    assert ending.out.startswith("accountdev: verified\n")
    assert "  passed               Assume the managed role\n" in ending.out
    (run,) = Run.objects.filter(kind=Run.Kind.VERIFY)
    assert run.started_by == "somebody on the command line"


def test_a_failure_is_told_with_its_place_and_its_mend(
    account: ManagedAccount, own_aws: Credentials
) -> None:
    iam(own_aws).update_assume_role_policy(
        RoleName="spinnakerManaged",
        PolicyDocument='{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",'
        ' "Principal": {"AWS": "933333333333"}}]}',
    )

    ending = verify("accountdev")

    assert ending.code == 1
    failed = "  failed               Assume the managed role\n"
    assert f"{failed}      (the role's trust policy)" in ending.out
    assert "      aws iam update-assume-role-policy" in ending.out


def test_a_run_that_is_open_stands_in_the_way(account: ManagedAccount) -> None:
    run = plan(account, None)
    run.move(Status.APPLYING, since=(Status.PLANNING,))

    ending = verify()

    assert (ending.code, ending.out) == (1, "")
    said = f"not verified. {run.title} of accountdev is in progress"
    assert f"accountdev: {said}" in ending.err


def test_a_verification_that_was_killed_is_continued(account: ManagedAccount) -> None:
    run = start(account, None)
    Run.objects.filter(pk=run.pk).update(leased_until=Now() + LEASE)
    held = verify()
    Run.objects.filter(pk=run.pk).update(leased_until=Now() - LEASE)

    ending = verify()

    run.refresh_from_db()
    assert (held.code, ending.code) == (1, 0)
    assert "is in progress. Wait until it finishes." in held.err
    assert run.status == Status.VERIFIED


def test_a_waiting_plan_is_left_to_whoever_approves(account: ManagedAccount) -> None:
    run = plan(account, None)
    run.move(Status.PLANNED, since=(Status.PLANNING,))

    ending = verify()

    run.refresh_from_db()
    assert (ending.code, run.status) == (1, Status.PLANNED)
    assert "a plan for accountdev, needs approval. Approve or discard it" in ending.err


def test_an_unknown_name_is_refused(managing) -> None:
    account_row("known", granted_at=timezone.now())

    with pytest.raises(CommandError, match=r"There is no account nobody\."):
        call_command("verify", "known", "nobody")
    account_row("draft", account_id="922222222229")
    with pytest.raises(CommandError, match=r"AWS for draft\."):
        call_command("verify", "known", "draft")


def test_without_a_managing_account_there_is_nothing_to_verify(db: None) -> None:
    with pytest.raises(CommandError, match="managing account"):
        call_command("verify")


def test_only_stale_proofs_are_proved_again_where_that_is_asked(
    account: ManagedAccount,
) -> None:
    fresh = verify("--stale")
    long_ago = timezone.now() - timedelta(days=8)
    ManagedAccount.objects.update(verified_at=long_ago)

    stale = verify("--stale")

    assert fresh == (0, "No verification is stale. Nothing was verified.\n", "")
    assert stale.code == 0
    assert stale.out.startswith(f"{account.name}: verified\n")
    assert not ManagedAccount.objects.stale().exists()
