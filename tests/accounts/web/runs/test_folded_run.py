"""The page of a verification that is superseded says what it said before."""

from __future__ import annotations

from django.test import Client
from django.utils import timezone

from accounts.models import CheckResult, ManagedAccount, Run
from accounts.models.states import Status
from accounts.runs.results import fold_superseded, keep_results
from onboarding.checks import Outcome
from onboarding.verify.result import Located, Result
from tests.rows import account_row, run_row

FOUND = [
    Result("chain", "Assume the role", Outcome.PASSED, "AWS let it.", "", 0.084),
    *(Result("ec2", f"Start {n}", Outcome.EVALUATED, "Allowed.") for n in range(4)),
    Result(
        "ec2",
        "Find subnets",
        Outcome.FAILED,
        "AWS refused it.",
        "Plan again.",
        12.3456,
        Located.OUR_POLICY,
        '{\n  "Version": "2012-10-17"\n}',
        2,
        "aws iam get-role",
    ),
]


def verified(account: ManagedAccount) -> Run:
    run = run_row(Status.FAILED, account=account, kind=Run.Kind.VERIFY)
    keep_results(run, FOUND, timezone.now())
    return run


def checks_on(client: Client, run: Run) -> str:
    html = client.get(run.get_absolute_url()).content.decode()
    _, checks = html.split('id="checks"')
    return checks.split("</main>")[0]


def test_its_checks_are_shown_as_before(viewer: Client, managing) -> None:
    account = account_row(granted_at=timezone.now())
    older, newest = verified(account), verified(account)
    before = checks_on(viewer, older)

    fold_superseded()

    assert {check.run for check in CheckResult.objects.all()} == {newest}
    after = checks_on(viewer, older)
    assert after == before
    assert "aws iam get-role" in after
    assert "84 ms" in after
    assert checks_on(viewer, newest) == after
