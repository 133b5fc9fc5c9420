"""Rollouts by the API: many accounts started, read, approved and stopped."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Activity, ManagedAccount, Rollout, Run
from accounts.models.states import Status
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.census import runs_of
from tests.accounts.api.calling import detail
from tests.accounts.runs.rollouts.rows import (
    SAME,
    accounts,
    describe,
    move,
    plan,
    started,
)
from tests.rows import account_row, step_row

pytestmark = pytest.mark.usefixtures("managing")

GROUP = f"/groups/{SAME}"


@pytest.fixture
def rollout(db) -> Rollout:
    found = started(3)
    plan(found)
    return found


def numbers(rollout: Rollout) -> list[int]:
    return sorted(runs_of(rollout).values_list("number", flat=True))


def delete_something(rollout: Rollout) -> None:
    for run in runs_of(rollout):
        step_row(run, verb="delete", before={"name": "spinnakerManaged"}, after=None)


def test_it_starts_a_rollout_of_named_accounts_once_for_one_key(operator):
    accounts(3)
    body = {"kind": "onboard", "accounts": ["team-001", "team-003"]}

    answers = [operator.post("/rollouts", body, key="one") for _ in range(2)]

    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    rollout = Rollout.objects.get()
    names = runs_of(rollout).values_list("account_name", flat=True)
    assert sorted(names) == ["team-001", "team-003"]
    assert answers[0].json()["accounts"] == 2
    assert (
        Activity.objects.get(what="plan", about__contains="Rollout").detail["token"]
        == "ci"
    )


def test_it_starts_a_rollout_of_what_a_filter_finds(operator):
    accounts(2, environment="dev")
    account_row("other", account_id="9" * 12, environment="prod")

    answer = operator.post(
        "/rollouts", {"kind": "onboard", "filter": {"environment": "dev"}}
    )

    assert answer.status_code == 201, answer.content
    assert runs_of(Rollout.objects.get()).count() == 2


@pytest.mark.parametrize(
    "said", [{}, {"filter": {}}, {"filter": {"text": " "}}, {"accounts": []}]
)
def test_it_starts_nothing_of_everything_by_mistake(operator, said):
    accounts(1)

    assert detail(operator.post("/rollouts", {"kind": "onboard", **said}), 422) == (
        "Name the accounts, or give a filter that says something."
    )
    assert not Rollout.objects.exists()


def test_it_names_accounts_that_there_are_not(operator):
    accounts(1)
    body = {"kind": "verify", "accounts": ["team-001", "nobody"]}

    assert detail(operator.post("/rollouts", body), 422) == (
        "There is no account nobody."
    )


def test_what_is_not_described_to_the_end_is_left_out(operator):
    accounts(1)
    account_row("draft", account_id="9" * 12, providers={})
    body = {"kind": "onboard", "accounts": ["draft", "team-001"]}

    answer = operator.post("/rollouts", body)
    alone = operator.post("/rollouts", {"kind": "onboard", "accounts": ["draft"]})

    said = "draft: These steps are incomplete: providers, access, details."
    assert answer.json()["excluded"] == [said]
    assert detail(alone) == f"No account can be started. {said}"


def test_it_shows_how_far_a_rollout_is(reader, rollout):
    step_row(runs_of(rollout).earliest("number"))

    shown = reader.read(f"/rollouts/{rollout.number}").json()

    assert (shown["state"], shown["accounts"], shown["open"]) == ("planned", 3, 3)
    assert shown["statuses"] == {"planned": 3}
    assert shown["groups"] == [
        {
            "fingerprint": SAME,
            "accounts": 3,
            "waiting": 3,
            "approved": 0,
            "changes": {"create": 1},
            "entries": 0,
        }
    ]
    (listed,) = reader.read("/rollouts").json()["items"]
    assert listed == {key: shown[key] for key in listed}


def test_it_groups_what_failed_by_its_cause(reader, rollout):
    error = {"message": "AWS refused.", "hint": "Allow it."}
    move(rollout, Status.PLANNED, Status.FAILED, most=2, error=error)

    (cause,) = reader.read(f"/rollouts/{rollout.number}").json()["causes"]

    assert (cause["accounts"], cause["message"], cause["fix"]) == (
        2,
        "AWS refused.",
        "Allow it.",
    )


def test_the_queries_do_not_grow_with_the_accounts(reader):
    def queries(rollout: Rollout) -> int:
        with CaptureQueriesContext(connection) as found:
            answer = reader.read(f"/rollouts/{rollout.number}")
        assert answer.status_code == 200
        return len(found)

    few = started(1)
    plan(few)
    queries(few)
    asked = queries(few)
    decisions.stop(few, None)
    Run.objects.all().delete()
    ManagedAccount.objects.all().delete()
    many = started(12)
    plan(many)

    assert queries(many) == asked


def test_it_approves_the_plans_that_were_read(approver, rollout):
    group = approver.read(f"/rollouts/{rollout.number}{GROUP}").json()
    assert group["runs"] == numbers(rollout)

    answer = approver.post(
        f"/rollouts/{rollout.number}{GROUP}/approve", {"runs": group["runs"][:2]}
    )

    assert answer.status_code == 200, answer.content
    assert answer.json() == {"approved": 2, "refused": [], "joined": 1}
    assert runs_of(rollout).filter(approved_at__isnull=False).count() == 2


def test_a_group_says_who_can_use_each_of_its_accounts(approver, rollout):
    runs = runs_of(rollout).order_by("number")
    for run, teams in zip(runs, (["sre"], ["sre"], []), strict=True):
        describe(run, *teams)

    group = approver.read(f"/rollouts/{rollout.number}{GROUP}").json()

    assert group["granted"] == [
        {"read": [], "write": ["sre"], "accounts": ["team-001", "team-002"]},
        {"read": [], "write": [], "accounts": ["team-003"]},
    ]


def test_plans_that_delete_are_approved_with_how_many(approver, rollout):
    delete_something(rollout)
    path = f"/rollouts/{rollout.number}{GROUP}/approve"
    body = {"runs": numbers(rollout)}

    refused = approver.post(path, body)
    answer = approver.post(path, {**body, "confirmation": "delete in 3 accounts"})

    assert detail(refused, 422) == (
        "Type “delete in 3 accounts” to approve these plans."
    )
    assert answer.json()["approved"] == 3


def test_it_pauses_resumes_and_stops(operator, rollout):
    path = f"/rollouts/{rollout.number}"

    states = [
        operator.post(f"{path}/{what}").json()["state"]
        for what in ("pause", "resume", "stop")
    ]

    assert states == ["paused", "planning", "stopped"]
    assert runs_of(rollout).filter(status=Status.DISCARDED).count() == 3


def test_it_retries_what_failed_and_only_that(operator, rollout):
    path = f"/rollouts/{rollout.number}/retry"
    refused = operator.post(path)
    move(rollout, Status.PLANNED, Status.FAILED, most=1)

    answer = operator.post(path)

    assert detail(refused) == f"Nothing in {rollout} failed."
    assert (answer.status_code, answer.json()) == (200, {"accounts": 1})


def test_it_changes_the_waves_and_limits_of_what_has_not_begun(operator, rollout):
    path = f"/rollouts/{rollout.number}"

    answer = operator.send("PATCH", path, {"first_wave": 2, "at_once": 5})
    refused = operator.send("PATCH", path, {"failure_percent": 101})
    zero = operator.send("PATCH", path, {"at_once": 0})

    assert answer.status_code == 200, answer.content
    assert answer.json()["limits"] == {
        "first_wave": 2,
        "second_percent": 10,
        "at_once": 5,
        "most_failures": 10,
        "failure_percent": 10,
    }
    assert "less than or equal to 100" in detail(refused, 422)
    assert zero.status_code == 422
    assert Activity.objects.get(what="edit").detail["first_wave"] == 2
