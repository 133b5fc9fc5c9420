"""What AWS denies Spinnaker after a step fails the account's verification."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import ManagedAccount, Run
from accounts.models.states import Status
from accounts.runs.foreign import evidence
from accounts.runs.foreign.evidence import WATCHED_FOR, denied_since
from onboarding.aws.errors import AwsError
from onboarding.aws.roles.used_by import Recorded
from onboarding.checks import Outcome
from onboarding.resources.take_over import TakeOver
from onboarding.topology import Reach
from tests.rows import account_row, run_row

ONE = "ec2:RunInstances in us-east-1"
DETACHED = TakeOver(detaches=frozenset(["a" * 64])).as_json()


@pytest.fixture
def account(managing) -> ManagedAccount:
    return account_row(adopts=True)


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Answer with what is the first of the list; add to it what was asked."""
    answers: list[Any] = [Recorded()]

    def answer(_: Any, reach: Reach, role: str, regions: Any, since: datetime) -> Any:
        answers.append((role, [*regions], since))
        if isinstance(answers[0], AwsError):
            raise answers[0]
        return answers[0]

    monkeypatch.setattr(evidence, "recorded_writes", answer)
    return answers


def step(account: ManagedAccount, **fields: Any) -> Run:
    now = timezone.now()
    given = {"take_over": DETACHED, "approved_at": now, "finished_at": now, **fields}
    return run_row(Status.VERIFIED, account=account, **given)


def found(
    account: ManagedAccount,
    kind: str = Run.Kind.VERIFY,
    *,
    role: str = "",
    writes: bool = True,
) -> Any:
    managed = SimpleNamespace(
        reach=Reach("1" * 12, "Access", writes),
        managed_role=role,
        regions_of_all=("us-east-1",),
    )
    managing = SimpleNamespace(managed_role="spinnakerManaged")
    scope: Any = SimpleNamespace(account=account, managed=managed, managing=managing)
    run: Any = SimpleNamespace(kind=kind)
    sessions: Any = None
    return denied_since(run, scope, sessions)


def test_a_denied_call_fails_and_says_what_to_do(
    account: ManagedAccount, recorded: list[Any]
) -> None:
    run = step(account)
    recorded[0] = Recorded(Counter(), Counter({ONE: 2, "ecs:RunTask in us-east-1": 1}))

    (result,) = found(account)

    assert result.outcome is Outcome.FAILED
    assert (
        f"Since run {run.number}, AWS has denied Spinnaker {ONE} (2 times), ecs:RunTask"
        in result.sentence
    )
    assert result.fix.startswith(f"Undo run {run.number} on the page of {account.name}")


def test_changes_that_were_allowed_pass_and_none_is_not_enough(
    account: ManagedAccount, recorded: list[Any]
) -> None:
    step(account)

    (untried,) = found(account)
    recorded[0] = Recorded(Counter({ONE: 1}))
    (tried,) = found(account)

    assert (untried.outcome, tried.outcome) == (Outcome.NOT_TESTABLE, Outcome.PASSED)
    assert "Deploy, resize" in untried.fix
    assert ONE in tried.sentence


def test_it_is_not_testable_where_cloudtrail_is_not_read(
    account: ManagedAccount, recorded: list[Any]
) -> None:
    step(account)
    recorded[0] = AwsError("1" * 12, "cloudtrail:LookupEvents", "Denied.")

    (result,) = found(account)

    assert (result.outcome, result.sentence) == (Outcome.NOT_TESTABLE, "Denied.")


def test_it_asks_about_the_managed_role_since_the_account_was_last_planned(
    account: ManagedAccount, recorded: list[Any]
) -> None:
    step(account)
    later = run_row(Status.VERIFIED, account=account, finished_at=timezone.now())

    found(account)
    found(account, role="path/own")

    since = later.finished_at
    assert recorded[1:] == [
        ("spinnakerManaged", ["us-east-1"], since),
        ("own", ["us-east-1"], since),
    ]


def test_it_is_asked_only_while_roles_are_taken_over(
    account: ManagedAccount, recorded: list[Any]
) -> None:
    run_row(Status.VERIFIED, account=account, finished_at=timezone.now())
    assert found(account) == []
    step(account, finished_at=timezone.now() - WATCHED_FOR - timedelta(hours=1))
    assert found(account) == []
    step(account)
    assert found(account, Run.Kind.ONBOARD) == []  # nothing was tried yet
    assert found(account, writes=False) == []
    account.adopts = False
    assert found(account) == []
    assert len(recorded) == 1
