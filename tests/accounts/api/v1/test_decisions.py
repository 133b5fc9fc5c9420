"""What people decide about runs, by the API: with the sentences of the pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.mapping.plans import plan_of
from accounts.models import Activity, Bundle, ManagedAccount, Run
from accounts.models.states import State, Status
from tests.accounts.api.calling import detail
from tests.plans import losing_run
from tests.rows import account_row, run_row, step_row


@pytest.fixture
def account(managing) -> ManagedAccount:
    return account_row(access_role="access")


def waiting_plan(account: ManagedAccount, **fields: Any) -> Run:
    run = run_row(Status.PLANNED, account=account, **fields)
    step_row(run)
    return run


def digest(run: Run) -> str:
    return plan_of(run).digest


def test_it_plans_an_account_once_for_one_key(operator, account):
    first = operator.post("/accounts/staging/plan", key="one")
    second = operator.post("/accounts/staging/plan", key="one")

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    run = Run.objects.get()
    assert first.json()["number"] == run.number
    assert (run.kind, run.status, run.created_by_name) == (
        Run.Kind.ONBOARD,
        Status.PLANNING,
        "operator",
    )
    entry = Activity.objects.get(what="plan")
    assert (entry.who, entry.detail["token"]) == ("operator", "ci")


def test_it_verifies_what_exists_and_nothing_else(operator, account):
    refused = operator.post("/accounts/staging/verify")
    ManagedAccount.objects.update(granted_at=timezone.now(), state=State.VERIFIED)

    answer = operator.post("/accounts/staging/verify")

    assert "hasn't created anything in staging yet" in detail(refused)
    assert (answer.status_code, answer.json()["kind"]) == (202, "verify")


def test_a_removal_waits_until_spinnaker_has_the_account_no_more(operator, account):
    ManagedAccount.objects.update(granted_at=timezone.now(), state=State.VERIFIED)
    bundle = Bundle.objects.create(number=1, status=Bundle.Status.READY)
    bundle.accounts.add(account)

    refused = operator.post("/accounts/staging/remove", {})
    other = operator.post("/accounts/staging/remove", {"never_told": "stagin"})
    answer = operator.post("/accounts/staging/remove", {"never_told": "staging"})

    assert "staging is in bundle 1" in detail(refused)
    assert detail(other) == detail(refused)
    assert (answer.status_code, answer.json()["kind"]) == (202, "remove")


def test_it_approves_the_plan_that_was_read(approver, account):
    run = waiting_plan(account)
    shown = approver.read(f"/runs/{run.number}/plan").json()

    answer = approver.post(
        f"/runs/{run.number}/approve", {"digest": shown["digest"], "comment": "Read."}
    )

    assert answer.status_code == 200, answer.content
    assert (answer.json()["status"], answer.json()["approved_by"]) == (
        "applying",
        "approver",
    )
    run.refresh_from_db()
    assert (run.approved_digest, run.approval_comment) == (shown["digest"], "Read.")


def test_another_plan_than_the_one_that_was_read_is_not_approved(approver, account):
    run = waiting_plan(account)
    read = digest(run)
    step_row(run, name="another")

    refused = approver.post(f"/runs/{run.number}/approve", {"digest": read})

    assert detail(refused).startswith(
        "Not approved: the plan changed after you opened it"
    )
    run.refresh_from_db()
    assert run.status == Status.PLANNED


@pytest.mark.parametrize("body", [None, {}, {"digest": ""}, {"digest": None}])
def test_nothing_is_approved_without_the_digest_of_what_was_read(
    approver, account, body
):
    run = waiting_plan(account)

    answer = approver.post(f"/runs/{run.number}/approve", body)

    assert answer.status_code in {400, 422}
    run.refresh_from_db()
    assert run.status == Status.PLANNED


def test_what_spinnaker_loses_is_approved_with_the_managing_accounts_name(
    approver, managing
):
    run = losing_run()
    path, body = f"/runs/{run.number}/approve", {"digest": digest(run)}

    shown = approver.read(f"/runs/{run.number}/plan").json()
    refused = approver.post(path, body)
    left = Run.objects.get().status
    answer = approver.post(path, {**body, "confirmation": "core"})

    assert shown["to_confirm"] == [
        "Spinnaker loses 4 accounts: 222222222222, 333333333333, 444444444444 and "
        "1 more."
    ]
    assert (refused.status_code, refused.json()["code"]) == (422, "unconfirmed")
    assert left == Status.PLANNED
    assert answer.status_code == 200


def test_who_comes_second_reads_who_was_first(approver, account):
    run = waiting_plan(account)
    path, body = f"/runs/{run.number}/approve", {"digest": digest(run)}
    assert approver.post(path, body).status_code == 200

    again = approver.post(path, body)
    discarded = approver.post(f"/runs/{run.number}/discard")

    said = f"Run {run.number} was approved by approver before you decided."
    assert detail(again) == said
    assert detail(discarded) == said


def test_a_comment_with_what_nobody_sees_is_refused(approver, account):
    run = waiting_plan(account)
    body = {"digest": digest(run), "comment": "fine\u202e"}

    answer = approver.post(f"/runs/{run.number}/approve", body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["at"].endswith("comment")


def test_it_discards_a_plan(approver, account):
    run = waiting_plan(account)

    answer = approver.post(f"/runs/{run.number}/discard")

    assert (answer.status_code, answer.json()["status"]) == (200, "discarded")
    assert Activity.objects.get(what="discard").about == "staging"


def test_it_starts_a_run_again(operator, account):
    failed = run_row(Status.FAILED, account=account)

    answer = operator.post(f"/runs/{failed.number}/again")

    assert answer.status_code == 202
    assert answer.json()["number"] > failed.number
    assert answer.json()["kind"] == "onboard"


def test_it_looks_at_once_whether_an_owner_is_done(operator, account):
    waiting = run_row(Status.HANDED_OFF, account=account)

    answer = operator.post(f"/runs/{waiting.number}/look")
    Run.objects.update(status=Status.VERIFIED)
    refused = operator.post(f"/runs/{waiting.number}/look")

    assert answer.status_code == 202
    waiting.refresh_from_db()
    assert waiting.look_at is not None
    assert detail(refused) == f"{waiting.title} doesn't wait for an owner."


def test_it_accepts_an_account_that_was_evaluated(approver, account):
    refused = approver.post("/accounts/staging/accept")
    ManagedAccount.objects.update(
        granted_at=timezone.now(), state=State.EVALUATED, verification=State.EVALUATED
    )

    answer = approver.post("/accounts/staging/accept")

    assert detail(refused) == "staging isn't waiting for acceptance."
    assert answer.status_code == 200, answer.content
    assert ManagedAccount.objects.get().accepted_by_name == "approver"
    assert Activity.objects.get(what="accept").about == "staging"
