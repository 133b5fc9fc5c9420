"""The managing account's state: what was made and proved of it, by whichever run."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.mapping import snapshots
from accounts.models import ManagedAccount, ManagingAccount, Run
from accounts.models.states import State, Status
from accounts.runs import applying, carrying_out, verifying
from accounts.runs.actions import discard, plan, plan_managing, remove, verify
from accounts.runs.managing import applying as applying_managing
from accounts.runs.scope import Side
from onboarding.aws.errors import AwsError
from onboarding.desired import POLICY_SET
from onboarding.topology import Reach
from script.emulated_organization import MANAGING, Credentials
from tests.accounts.runs.carried import (
    STAGING,
    carried,
    done,
    member,
    onboarded,
    planned,
    root,
)
from tests.rows import edit_managing, managing_row, run_row

pytestmark = pytest.mark.django_db(transaction=True)


def managing() -> ManagingAccount:
    return ManagingAccount.objects.get()


def test_its_own_plan_makes_it_and_proves_it(here: Credentials) -> None:
    run = carried(plan(member(), None))
    assert managing().state == State.DRAFT
    before = timezone.now()

    done(run)

    row = managing()
    assert (row.state, row.verification) == (State.VERIFIED, State.VERIFIED)
    assert before <= row.verified_at <= timezone.now()
    assert row.policy_set == POLICY_SET


def fails_in_the_account(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Change the managing account for an account whose own roles AWS refuses."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AwsError("", "iam:CreateRole", "Not in this account.", "Allow it.")

    monkeypatch.setattr(applying, "carry_out", refuse)
    return done(run)


def test_it_is_proved_although_the_account_itself_could_not_be_changed(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, before = planned(member()), timezone.now()

    ending = fails_in_the_account(run, monkeypatch)

    assert (ending.status, ending.error["message"]) == (
        Status.FAILED,
        "Not in this account.",
    )
    assert (managing().state, managing().verification) == (
        State.VERIFIED,
        State.VERIFIED,
    )
    assert managing().verified_at > before


def test_what_was_made_and_cannot_be_proved_is_applied(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AwsError("", "iam:GetRole", "AWS is too busy.", retryable=True)

    run = planned(member())
    monkeypatch.setattr(verifying, "differences", refuse)

    ending = fails_in_the_account(run, monkeypatch)

    assert ending.error["message"] == "Not in this account."
    assert (managing().state, managing().verification) == (State.APPLIED, "")


def test_a_managing_side_that_cannot_be_made_is_failed(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AwsError("", "iam:CreateRole", "A policy denies it.", "Allow it.")

    run = planned(member())
    monkeypatch.setattr(carrying_out, "apply", refuse)

    done(run)

    assert managing().state == State.FAILED


def test_a_removal_changes_it_and_proves_it(account) -> None:
    run, before = carried(remove(account, None)), timezone.now()

    ending = done(run)

    assert ending.status == Status.REMOVED, ending.error
    assert (managing().state, managing().verification) == (
        State.VERIFIED,
        State.VERIFIED,
    )
    assert managing().verified_at > before


def test_a_removal_finds_what_differs_there(
    here: Credentials, monkeypatch: pytest.MonkeyPatch, account
) -> None:
    run = carried(remove(account, None))
    monkeypatch.setattr(verifying, "SETTLING", 0.0)
    change_managing = applying_managing.change_managing

    def change_and_detach(*given: Any, **named: Any) -> None:
        change_managing(*given, **named)
        iam, role = root(here, MANAGING, "iam"), managing().identity_name
        arn = MANAGING.arn("policy/bowline/managing/BowlineRegionLookup")
        iam.detach_role_policy(RoleName=role, PolicyArn=arn)

    monkeypatch.setattr(applying_managing, "change_managing", change_and_detach)

    ending = done(run)

    assert ending.status == Status.REMOVED, ending.error
    assert managing().state == State.DRIFTED


def test_drift_of_it_is_found_by_verifying_any_account(
    here: Credentials, account
) -> None:
    iam = root(here, MANAGING, "iam")
    role = managing().identity_name
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    iam.detach_role_policy(RoleName=role, PolicyArn=attached[0]["PolicyArn"])

    carried(verify(ManagedAccount.objects.get(pk=account.pk), None))

    assert (managing().state, managing().verification) == (State.DRIFTED, "")


def test_an_edit_wins_over_what_is_proved_of_the_version_before(account) -> None:
    edit_managing(managed_role="anotherRole")
    assert managing().state == State.OUTDATED

    carried(verify(ManagedAccount.objects.get(pk=account.pk), None))

    assert (managing().state, managing().verification) == (State.OUTDATED, "")


def test_an_edit_that_an_onboarding_applies_is_proved_with_it(account) -> None:
    edit_managing(managed_role="anotherRole")

    onboarded(ManagedAccount.objects.get(pk=account.pk))

    assert managing().state == State.VERIFIED


def test_a_discarded_plan_of_its_own_leaves_what_was_proved() -> None:
    row = managing_row(state=State.PLANNED, verification=State.VERIFIED, applied=[{}])
    run = run_row(account=None, kind="managing", version=row.version)

    discard(run, None)

    assert managing().state == State.VERIFIED


def test_a_plan_of_its_own_still_waits_while_others_prove_it(
    here: Credentials,
) -> None:
    run = planned(member())
    other = member(STAGING)
    carried(plan_managing(None, grants=[other]))
    assert managing().state == State.PLANNED

    done(run)

    assert (managing().state, managing().verification) == (
        State.PLANNED,
        State.VERIFIED,
    )


def looked(result: verifying.Result) -> verifying.Looked:
    reach = Reach("1" * 12)
    return verifying.Looked(Side("m", "m", reach, ()), result)


def test_an_identity_that_nobody_could_become_is_evaluated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = managing_row(state=State.APPLIED)
    found = dict.fromkeys(("n", "i"), verifying.Outcome.PASSED)
    found["i"] = verifying.Outcome.NOT_TESTABLE
    difference = verifying.Result("resources", "n", found["n"], "", "", 0.0)
    identity = verifying.Result(
        "chain", verifying.BECOME_IDENTITY, found["i"], "", "", 0.0
    )

    verifying.judge_managing(
        row, looked(difference), [difference, identity], timezone.now()
    )

    assert managing().state == State.EVALUATED


@pytest.mark.parametrize(
    ("outcome", "state"), [("FAILED", "failed"), (None, "applied")]
)
def test_the_walk_through_it_decides(outcome: str | None, state: str) -> None:
    row = managing_row(state=State.APPLIED)
    verified = verifying.Outcome.PASSED
    results = [verifying.Result("resources", "n", verified, "", "", 0.0)]
    if outcome:
        failed = verifying.Outcome[outcome]
        name = verifying.BECOME_IDENTITY
        results.append(verifying.Result("chain", name, failed, "", "", 0.0))

    verifying.judge_managing(row, looked(results[0]), results, timezone.now())

    assert managing().state == state


def test_nothing_is_found_of_an_edit_that_was_not_applied() -> None:
    row = managing_row(state=State.OUTDATED)
    row.applied = [snapshots.managing_snapshot(row)]
    row.managed_role = "anotherRole"
    row.save()
    drifted = verifying.Result("resources", "n", verifying.Outcome.FAILED, "", "", 0.0)

    verifying.judge_managing(row, looked(drifted), [drifted], timezone.now())

    assert managing().state == State.OUTDATED


def test_a_night_of_verifications_writes_it_once_a_minute(managing) -> None:
    now = timezone.now()
    rows = ManagingAccount.objects.all()

    written = [
        rows.verify_along(State.VERIFIED, now + timedelta(seconds=seconds))
        for seconds in (0, 30, 59, 61)
    ]

    assert written == [1, 0, 0, 1]
