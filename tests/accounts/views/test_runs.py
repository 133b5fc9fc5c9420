"""Runs: the list, the plan, the decision, the watching, and starting anew."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.contrib.messages import get_messages
from django.utils import timezone

from accounts.models import CheckResult, EnabledProvider, ManagedAccount, Run, Step
from accounts.runs import approve
from accounts.states import State, Status
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client):
    client.force_login(person("operator"))
    return client


@pytest.fixture
def approver(client):
    client.force_login(person("approver"))
    return client


@pytest.fixture
def both(client):
    """Sign in somebody who plans and approves."""
    user = person("approver", username="olga")
    user.groups.add(Group.objects.get(name="operator"))
    client.force_login(user)
    return client


def told(response: Any) -> str:
    return " ".join(str(m) for m in get_messages(response.wsgi_request))


def run_row(status: str = Status.PLANNED, **fields: Any) -> Run:
    """Make a run of an account that stands; of `account=None` for the managing one."""
    if "account" not in fields:
        fields["account"] = ManagedAccount.objects.first() or account_row()
    account = fields["account"]
    plain = {"account_name": account.name if account else "core"}
    return Run.objects.create(status=status, **{**plain, **fields})


def step_row(run: Run, **fields: Any) -> Step:
    plain = {
        "position": run.steps.count(),
        "account_id": "922222222222",
        "account_name": "staging",
        "verb": "create",
        "kind": "role",
        "name": "spinnakerManaged",
        "reason": "Spinnaker deploys through it.",
        "after": {"name": "spinnakerManaged"},
    }
    return Step.objects.create(run=run, **{**plain, **fields})


def names(response: Any) -> list[str]:
    return [run.account_name for run in response.context["page"]]


def test_the_list_teaches_before_there_is_a_run(operator) -> None:
    html = operator.get("/runs/").content.decode()

    assert "No runs yet" in html


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["web", "api"]),
        ({"text": "AP"}, ["api"]),
        ({"kind": "verify"}, ["web"]),
        ({"status": "failed"}, ["api"]),
        ({"status": "failed", "kind": "verify"}, []),
    ],
)
def test_the_list_is_filtered_by_the_address(operator, asked, found) -> None:
    run_row(Status.FAILED, account=account_row("api", account_id="1" * 12))
    web = account_row("web", account_id="2" * 12)
    run_row(Status.VERIFIED, account=web, kind=Run.Kind.VERIFY)

    response = operator.get("/runs/", asked)

    assert names(response) == found


def test_a_plan_is_summed_up_and_waits_for_approval(both) -> None:
    managing_row()
    run = run_row()
    step_row(run)
    step_row(run, verb="update", before={"a": 1}, after={"a": 2})

    html = both.get(run.get_absolute_url()).content.decode()

    assert "1 to create" in html
    assert "1 to update" in html
    assert "0 to delete" in html
    assert "Nothing in AWS changes until you approve" in html
    assert "Approve and apply" in html
    assert "Go back and edit" in html
    assert "Spinnaker deploys through it." in html


def test_a_policy_is_shown_as_a_diff(approver) -> None:
    managing_row()
    run = run_row()
    before = {"document": {"Statement": [{"Sid": "A", "Action": ["ec2:A"]}]}}
    after = {"document": {"Statement": [{"Sid": "A", "Action": ["ec2:A", "ec2:B"]}]}}
    step_row(run, verb="update", before=before, after=after)

    response = approver.get(run.get_absolute_url())

    (change,) = response.context["changes"]
    assert (change.diff.added, change.diff.removed) == (1, 0)
    assert "&quot;ec2:B&quot;" in response.content.decode()


def test_an_operator_cannot_approve(operator) -> None:
    managing_row()
    run = run_row()

    html = operator.get(run.get_absolute_url()).content.decode()
    response = operator.post(f"{run.get_absolute_url()}approve/")

    assert "Approve and apply" not in html
    assert response.status_code == 403
    assert Run.objects.get().status == Status.PLANNED


def test_an_approval_is_on_record_and_begins_the_apply(approver) -> None:
    managing_row()
    run = run_row()
    step_row(run)

    response = approver.post(f"{run.get_absolute_url()}approve/")

    approved = Run.objects.get()
    assert response["Location"] == run.get_absolute_url()
    assert approved.status == Status.APPLYING
    assert approved.approved_by.username == "approver"


def test_a_second_approval_changes_nothing_and_says_so(approver) -> None:
    managing_row()
    run = run_row()
    approve(run, person("approver", username="olga"))

    response = approver.post(f"{run.get_absolute_url()}approve/")

    assert Run.objects.get().approved_by.username == "olga"
    assert "olga approved it already" in told(response)


def test_a_plan_that_deletes_asks_for_the_accounts_name(approver) -> None:
    managing_row()
    run = run_row()
    step_row(run, verb="delete", before={"name": "x"}, after=None)

    response = approver.post(f"{run.get_absolute_url()}approve/")

    html = response.content.decode()
    assert Run.objects.get().status == Status.PLANNED
    assert "This plan deletes 1 thing in AWS" in html
    assert "Type the account&#x27;s name, staging" in html


def test_the_name_approves_a_plan_that_deletes(approver) -> None:
    managing_row()
    run = run_row()
    step_row(run, verb="delete", before={"name": "x"}, after=None)

    approver.post(f"{run.get_absolute_url()}approve/", {"confirmation": "staging"})

    assert Run.objects.get().status == Status.APPLYING


def test_an_edited_account_makes_its_plan_outdated(both) -> None:
    managing_row()
    run = run_row(account=account_row(version=2), version=1)

    html = both.get(run.get_absolute_url()).content.decode()
    response = both.post(f"{run.get_absolute_url()}approve/")

    assert "This plan is outdated" in html
    assert "Plan again" in html
    assert "Approve and apply" not in html
    assert Run.objects.get().status == Status.PLANNED
    assert "Plan again" in told(response)


def test_an_edited_managing_account_makes_plans_outdated(approver) -> None:
    managing_row(version=2)
    run = run_row(managing_version=1)

    html = approver.get(run.get_absolute_url()).content.decode()

    assert "This plan is outdated" in html


def test_a_plan_is_put_aside(approver) -> None:
    managing_row()
    run = run_row()

    response = approver.post(f"{run.get_absolute_url()}discard/")

    assert Run.objects.get().status == Status.DISCARDED
    assert "AWS is unchanged" in told(response)


def test_what_is_decided_cannot_be_put_aside(approver) -> None:
    managing_row()
    run = run_row(Status.VERIFIED)

    response = approver.post(f"{run.get_absolute_url()}discard/")

    assert Run.objects.get().status == Status.VERIFIED
    assert "It is verified already" in told(response)


@pytest.mark.parametrize("status", ["planning", "applying", "verifying"])
def test_a_page_asks_again_while_somebody_works(operator, status: str) -> None:
    managing_row()
    run = run_row(status, approved_at=timezone.now())
    step_row(run, status="done")
    step_row(run, status="running")

    page = operator.get(run.get_absolute_url()).content.decode()
    fragment = operator.get(f"{run.get_absolute_url()}progress/").content.decode()

    for html in (page, fragment):
        assert 'hx-trigger="every 1s"' in html
    assert '<meta http-equiv="refresh"' in page
    assert "<html" not in fragment


def test_the_progress_says_how_far_it_is_and_what_it_waits_for(operator) -> None:
    managing_row()
    waiting = "Waiting for AWS: a new role is not known everywhere yet."
    run = run_row(Status.APPLYING, approved_at=timezone.now(), waiting=waiting)
    step_row(run, status="done")
    step_row(run, status="running")

    html = operator.get(f"{run.get_absolute_url()}progress/").content.decode()

    assert '<progress class="bar-progress" max="2" value="1"' in html
    assert waiting in html


@pytest.mark.parametrize("status", ["planned", "verified", "failed", "discarded"])
def test_polling_stops_when_nobody_works(operator, status: str) -> None:
    managing_row()
    run = run_row(status)

    page = operator.get(run.get_absolute_url()).content.decode()
    answer = operator.get(f"{run.get_absolute_url()}progress/")

    assert "hx-trigger" not in page
    assert answer["HX-Refresh"] == "true"
    assert answer.content == b""


def test_a_failure_says_what_where_and_what_to_do(operator) -> None:
    managing_row()
    error = {
        "message": "AWS refused iam:PutRolePolicy.",
        "hint": "Allow it to the access role.",
        "account": "922222222222",
        "operation": "iam:PutRolePolicy",
    }
    run = run_row(Status.FAILED, approved_at=timezone.now(), error=error)
    step_row(run, status="done")
    step_row(run, status="failed", message="Refused.", hint="Allow it.")

    html = operator.get(run.get_absolute_url()).content.decode()

    assert "It stopped while changing AWS" in html
    assert all(value in html for value in error.values())
    assert "1 of 2 changes are made and stay" in html
    assert "Plan again" in html


def test_checks_are_shown_with_the_sentence_that_mends(operator) -> None:
    managing_row()
    run = run_row(Status.FAILED, error={"message": "m", "hint": "h"})
    CheckResult.objects.create(
        run=run,
        position=0,
        provider="ec2",
        name="List subnets",
        outcome="failed",
        sentence="AWS refused it.",
        fix="Allow ec2:DescribeSubnets.",
    )

    html = operator.get(run.get_absolute_url()).content.decode()

    assert "Verification failed" in html
    assert "List subnets" in html
    assert "Allow ec2:DescribeSubnets." in html


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (Run.Kind.ONBOARD, Status.PLANNING),
        (Run.Kind.REMOVE, Status.PLANNING),
        (Run.Kind.VERIFY, Status.VERIFYING),
        (Run.Kind.MANAGING, Status.PLANNING),
    ],
)
def test_it_is_started_again(operator, kind: str, status: str) -> None:
    managing_row()
    account = None if kind == Run.Kind.MANAGING else account_row()
    old = run_row(Status.FAILED, kind=kind, account=account)

    response = operator.post(f"{old.get_absolute_url()}again/")

    new = Run.objects.exclude(pk=old.pk).get()
    assert (new.kind, new.status, new.account) == (kind, status, account)
    assert response["Location"] == new.get_absolute_url()


def test_a_deleted_account_cannot_be_planned_again(operator) -> None:
    managing_row()
    old = run_row(Status.FAILED, account=None, account_name="gone")

    response = operator.post(f"{old.get_absolute_url()}again/")

    assert "gone was deleted" in told(response)
    assert Run.objects.count() == 1


def test_a_run_that_is_open_is_shown_instead_of_a_second_one(operator) -> None:
    managing_row()
    account = account_row()
    working = run_row(Status.APPLYING, account=account)

    response = operator.post(f"/accounts/{account.pk}/plan/")

    assert response["Location"] == working.get_absolute_url()
    assert "being worked on" in told(response)
    assert Run.objects.count() == 1


def test_an_account_is_planned(operator) -> None:
    managing_row()
    account = account_row()

    response = operator.post(f"/accounts/{account.pk}/plan/")

    run = Run.objects.get()
    assert run.created_by.username == "operator"
    assert response["Location"] == run.get_absolute_url()


def test_a_half_described_account_leads_to_what_is_missing(operator) -> None:
    managing_row()
    account = account_row()
    EnabledProvider.objects.create(account=account, key="eks")

    response = operator.post(f"/accounts/{account.pk}/plan/")

    assert response["Location"] == f"/accounts/{account.pk}/details/"
    assert not Run.objects.exists()


def test_nothing_is_planned_without_a_managing_account(operator) -> None:
    account = account_row()

    response = operator.post(f"/accounts/{account.pk}/plan/")

    assert response["Location"] == account.get_absolute_url()
    assert "Describe the managing account first" in told(response)


@pytest.mark.parametrize(
    ("action", "kind"), [("verify", Run.Kind.VERIFY), ("remove", Run.Kind.REMOVE)]
)
def test_an_account_is_verified_or_removed(operator, action: str, kind: str) -> None:
    managing_row()
    account = account_row()

    operator.post(f"/accounts/{account.pk}/{action}/")

    assert Run.objects.get().kind == kind


def test_an_evaluated_account_waits_for_acceptance(approver) -> None:
    managing_row()
    account = account_row(state=State.EVALUATED, proof=State.EVALUATED)
    run = run_row(Status.EVALUATED, account=account)

    html = approver.get(run.get_absolute_url()).content.decode()

    assert "Accept on record" in html
    assert "verify.sh" in html


def test_an_acceptance_is_on_record(approver) -> None:
    managing_row()
    account = account_row(state=State.EVALUATED, proof=State.EVALUATED)
    run = run_row(Status.EVALUATED, account=account)

    approver.post(f"/accounts/{account.pk}/accept/")

    html = approver.get(run.get_absolute_url()).content.decode()
    assert ManagedAccount.objects.get().accepted_by.username == "approver"
    assert "Accept on record" not in html
    assert "approver accepted that" in html


def test_a_verified_account_needs_no_acceptance(approver) -> None:
    account = account_row(state=State.VERIFIED, proof=State.VERIFIED)

    response = approver.post(f"/accounts/{account.pk}/accept/")

    assert "does not wait for acceptance" in told(response)


def test_an_operator_cannot_accept(operator) -> None:
    account = account_row(state=State.EVALUATED, proof=State.EVALUATED)

    response = operator.post(f"/accounts/{account.pk}/accept/")

    assert response.status_code == 403
    assert ManagedAccount.objects.get().accepted_at is None


@pytest.mark.parametrize(
    "action", ["approve", "discard", "again"], ids=lambda action: action
)
def test_reading_an_action_changes_nothing(approver, action: str) -> None:
    run = run_row()

    response = approver.get(f"{run.get_absolute_url()}{action}/")

    assert response.status_code in (403, 405)
    assert Run.objects.get().status == Status.PLANNED


@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("kind", Run.Kind.values)
def test_every_run_can_be_read(operator, kind: str, status: str) -> None:
    managing_row()
    account = None if kind == Run.Kind.MANAGING else account_row()

    response = operator.get(
        run_row(status, kind=kind, account=account).get_absolute_url()
    )

    assert response.status_code == 200
