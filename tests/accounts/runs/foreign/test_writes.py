"""Unknown writes are accepted by name where a second person is asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import ForeignPolicy, Happened, ManagedAccount
from accounts.models.checks import today
from accounts.models.states import State, Status
from accounts.people.deciding import SamePerson
from accounts.people.policies import choose
from accounts.runs.actions import verify
from accounts.runs.foreign.accepting import keep_writes, writes_to_accept
from onboarding.checks import Outcome
from onboarding.verify import verification
from onboarding.verify.result import Result
from script.emulated_organization import Credentials
from tests.accounts.notify.channels.receiving import target_row
from tests.accounts.runs.carried import carried, member, onboarded
from tests.accounts.runs.foreign.rows import foreign_row
from tests.accounts.runs.foreign.test_accepting import accepted, asked
from tests.rows import account_row, decider, managing_row


@pytest.mark.django_db(transaction=True)
def test_the_account_waits_for_an_acceptance_and_bundles_for_the_next_verification(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, olga, paul = member(environment="dev"), decider("olga"), decider("paul")
    onboarded(account)
    choose("dev", second_approver=True)
    target_row()
    left = unknown("ec2:RunInstances", "iam:PassRole")
    monkeypatch.setattr(verification, "simulated_writes", lambda *_, **__: left)
    before = {**ManagedAccount.objects.get().verified, "as": "before"}
    ManagedAccount.objects.update(verified=before)

    run = carried(verify(account, None))

    account = ManagedAccount.objects.get()
    assert (run.status, account.state) == (Status.FAILED, State.VERIFIED)
    assert account.word == "verified, writes unknown"
    waits = f"An approver must accept {account.unknown_writes} unknown writes"
    assert waits in account.standing.sentences[1]
    assert run.error["message"].startswith("The unknown writes in")
    assert account.verified == before
    assert Happened.objects.filter(what="found").count() == 1

    row = ForeignPolicy.objects.get()
    assert row.policy == f"{account.unknown_writes} writes unknown"
    assert any("Unknown: " in effect for effect in row.effects)
    read = asked(row, olga)
    with pytest.raises(SamePerson):
        accepted(read, olga)
    accepted(read, paul)
    assert len(ManagedAccount.objects.get().standing.sentences) == 1

    run = carried(verify(account, None))

    account = ManagedAccount.objects.get()
    assert (run.status, account.state) == (Status.VERIFIED, State.VERIFIED)
    assert account.verified["as"] == "verified"
    assert ForeignPolicy.objects.get().is_accepted
    assert Happened.objects.filter(what="found").count() == 1

    ForeignPolicy.objects.update(until=today() - timedelta(days=1))
    assert carried(verify(account, None)).status == Status.FAILED


def unknown(*names: str, why: str = "conditions decide.") -> list[Result]:
    sentence = f"Unknown: {', '.join(names)}, because {why}"
    one = Result("ec2", "Deploy", Outcome.NOT_TESTABLE, sentence)
    return [replace(one, unknown_writes=len(names))]


def found(account: ManagedAccount, results: list[Result]) -> Any:
    scope: Any = SimpleNamespace(
        account=account, managing=SimpleNamespace(managed_role="spinnakerManaged")
    )
    return writes_to_accept(scope, Status.VERIFIED, results)


def test_outside_of_such_environments_nothing_is_asked(managing) -> None:
    dev = account_row("dev", environment="dev")
    prod = account_row("prod", account_id="8" * 12, environment="production")

    assert found(dev, unknown("a:b")) is None
    assert found(prod, []) is None
    assert not found(prod, unknown("a:b")).is_accepted


@pytest.mark.django_db
def test_the_same_writes_stay_accepted_whatever_the_reason_and_others_do_not() -> None:
    managing_row()
    account = account_row(environment="production")
    first = found(account, unknown("a:b", "a:c"))
    assert keep_writes(account, first, timezone.now())
    accepted_now = {"until": today(), "accepted_at": timezone.now()}
    ForeignPolicy.objects.update(**accepted_now)

    same = found(account, unknown("a:b", "a:c", why="AWS throttled the requests."))
    other = found(account, unknown("a:b", "a:d"))

    assert same.is_accepted
    assert not keep_writes(account, same, timezone.now())
    assert not other.is_accepted
    assert keep_writes(account, other, timezone.now())
    assert ForeignPolicy.objects.get().digest == other.found.digest


def test_it_is_forgotten_once_nothing_is_unknown_and_policies_stay(managing) -> None:
    account = account_row(environment="production")
    policy = foreign_row(account)
    keep_writes(account, found(account, unknown("a:b")), timezone.now())
    assert ForeignPolicy.objects.count() == 2

    assert not keep_writes(account, None, timezone.now())

    assert ForeignPolicy.objects.get() == policy
