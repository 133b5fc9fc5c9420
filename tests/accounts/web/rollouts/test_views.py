"""The pages of rollouts: what they show to whom, at a cost that does not grow."""

from __future__ import annotations

import json
from html import unescape

import pytest
from django.db.models.functions import Now
from django.urls import reverse

from accounts.models import Activity, ManagedAccount, Rollout, Run
from accounts.models.states import Status
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.census import managing_run, runs_of
from accounts.runs.rollouts.engine import advance
from onboarding.spinnaker.entries import entry_documents
from tests.accounts.runs.rollouts.rows import (
    SAME,
    describe,
    move,
    plan,
    started,
    statuses,
)
from tests.accounts.web.asking import asked_again
from tests.factories import managed, provider, topology
from tests.rows import person, run_row, step_row

pytestmark = pytest.mark.usefixtures("managing")

APPLYING, FAILED = Status.APPLYING, Status.FAILED


@pytest.fixture
def rollout():
    """Twelve accounts that wait for approval, one of which differs."""
    row = started(12)
    plan(row)
    Run.objects.filter(pk=runs_of(row).last().pk).update(fingerprint="")
    for run in runs_of(row):
        step_row(run)
    return row


def page(client, rollout: Rollout) -> str:
    response = client.get(rollout.get_absolute_url())
    assert response.status_code == 200
    return response.content.decode()


def press(client, name: str, rollout: Rollout, *args: str, **data: object):
    url = reverse(f"accounts:{name}", args=[rollout.number, *args])
    return client.post(url, data, follow=True)


def numbers(rollout: Rollout) -> str:
    """Say, as the page of the group does, which plans it shows."""
    of_group = runs_of(rollout).filter(fingerprint=SAME)
    return " ".join(str(run.number) for run in of_group)


def test_an_operator_pauses_resumes_and_stops_it(operator, rollout) -> None:
    paused = press(operator, "rollout-pause", rollout).content.decode()
    resumed = press(operator, "rollout-resume", rollout).content.decode()
    stopped = press(operator, "rollout-stop", rollout).content.decode()

    assert "operator paused it." in paused
    assert "continues. Earlier failures" in resumed
    assert "operator stopped it." in stopped
    assert statuses(rollout) == {Status.DISCARDED: 12}


def test_a_second_press_says_what_it_is_already(operator, rollout) -> None:
    press(operator, "rollout-stop", rollout)

    again = press(operator, "rollout-pause", rollout).content.decode()

    assert f"{rollout} is stopped: operator stopped it. Nothing was changed." in again


def test_an_approver_reads_the_group_and_approves_it(approver, rollout) -> None:
    url = reverse("accounts:rollout-group", args=[rollout.number, SAME])

    read = approver.get(url).content.decode()
    form = {"comment": "All read.", "read": numbers(rollout)}
    approved = press(approver, "rollout-approve", rollout, SAME, **form)

    assert "11 plans with the same changes" in read
    assert "team-002" in read
    assert "11 plans are approved. Each plan starts with its wave." in (
        approved.content.decode()
    )
    assert statuses(rollout) == {Status.APPROVED: 11, Status.PLANNED: 1}


def test_the_managing_accounts_run_leads_back_to_its_rollout(approver, rollout) -> None:
    run = managing_run(rollout)
    Run.objects.filter(pk=run.pk).update(status=Status.VERIFIED)

    html = " ".join(approver.get(run.get_absolute_url()).content.decode().split())

    address = f'href="{rollout.get_absolute_url()}">'
    assert f"{address}Continue with rollout {rollout.number}</a>" in html


@pytest.mark.parametrize("sent", [True, False])
def test_external_ids_are_said_to_differ_only_where_there_are_any(
    viewer, rollout, sent: bool
) -> None:
    ManagedAccount.objects.update(uses_external_id=sent)
    url = reverse("accounts:rollout-group", args=[rollout.number, SAME])

    shown = " ".join(viewer.get(url).content.decode().split())

    differs = "account ID, external ID, name," if sent else "account ID, name,"
    assert f"with its own {differs}" in shown


def test_plans_that_delete_are_approved_once_their_number_is_typed(
    approver, rollout
) -> None:
    for run in runs_of(rollout).exclude(fingerprint=""):
        step_row(run, verb="delete", name="old")

    form = {"read": numbers(rollout)}
    without = press(approver, "rollout-approve", rollout, SAME, **form)
    before = statuses(rollout)
    form["confirmation"] = "delete in 11 accounts"
    press(approver, "rollout-approve", rollout, SAME, **form)

    asked = "Type “delete in 11 accounts” to approve these plans."
    assert asked in without.content.decode()
    assert before == {Status.PLANNED: 12}
    assert statuses(rollout)[Status.APPROVED] == 11


def test_the_limits_are_changed_and_wrong_ones_named(operator, rollout) -> None:
    limits = {
        "first_wave": 2,
        "second_percent": 20,
        "at_once": 5,
        "most_failures": 3,
        "failure_percent": 50,
    }

    wrong = press(operator, "rollout-settings", rollout, **{**limits, "at_once": 0})
    unchanged = Rollout.objects.get().at_once
    press(operator, "rollout-settings", rollout, **limits)

    row = Rollout.objects.get()
    assert "greater than or equal to 1" in wrong.content.decode()
    assert unchanged == 50
    assert {name: getattr(row, name) for name in limits} == limits


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "with up to 50 accounts in progress at a time, or more if the workers"),
        ({"at_once": 1_000}, "with up to 1,000 accounts in progress at a time. It"),
        ({}, "It pauses when 10 accounts, or 10% of a wave, fail. <"),
        ({"most_failures": 1}, "It pauses when 1 account, or 10% of a wave, fails. <"),
        ({"pauses": "number"}, "It pauses when 10 accounts fail. <"),
        ({"pauses": "never"}, "Failures don't pause the rollout. <"),
    ],
)
def test_a_page_says_in_two_sentences_what_orders_and_limits_it(
    operator, rollout, changes, says
) -> None:
    Rollout.objects.update(**changes)

    assert says in unescape(" ".join(page(operator, rollout).split()))


def test_few_accounts_are_said_to_pause_by_cause(operator) -> None:
    rollout = started(9)
    plan(rollout)
    said = "It pauses when two fail for the same cause, or one because of the"
    few = page(operator, rollout)
    Rollout.objects.update(pauses=Rollout.Pauses.AT_LIMITS)

    assert said in few
    assert said not in page(operator, rollout)


def test_what_failed_is_named_and_retried(operator, rollout) -> None:
    decisions.approve_group(rollout, SAME, person("approver"))
    advance(rollout.number)
    error = {"message": "Access denied.", "hint": "Trust Bowline."}
    move(rollout, APPLYING, FAILED, moved_at=Now(), error=error)

    before = page(operator, rollout)
    retried = press(operator, "rollout-retry", rollout).content.decode()

    assert "1 failed account of 1 in wave 1 reached the limit of 10%." in before
    assert "Access denied." in before
    assert "Trust Bowline." in before
    assert "Started again for 1 account." in retried
    assert statuses(rollout)[Status.PLANNING] == 1


def test_an_edit_of_the_managing_account_offers_no_retry(
    operator, managing, rollout
) -> None:
    move(rollout, Status.PLANNED, Status.VERIFIED)
    managing.touch()

    assert "Retry failed accounts" not in page(operator, rollout)


def test_failures_with_one_cause_are_counted_together(viewer, rollout) -> None:
    """What only one account has, such as its name and id, makes no other cause."""
    for run in runs_of(rollout).order_by("number")[:3]:
        account = run.account.account_id
        error = {
            "account": account,
            "message": f"The role of {run.account_name} doesn't trust Bowline.",
            "hint": f"Trust Bowline in {account}.",
        }
        Run.objects.filter(pk=run.pk).update(status=FAILED, error=error)
    last = runs_of(rollout).order_by("number").last()
    Run.objects.filter(pk=last.pk).update(status=Status.OUTDATED)

    causes = viewer.get(rollout.get_absolute_url()).context["causes"]

    assert [(cause.accounts, cause.fix[:5]) for cause in causes] == [
        (3, "Trust"),
        (1, "Retry"),
    ]


def test_the_report_says_of_each_account_what_happened(viewer, rollout) -> None:
    error = {"message": "Access denied.", "hint": "Trust Bowline."}
    move(rollout, Status.PLANNED, FAILED, most=1, error=error)

    text = viewer.get(f"{rollout.get_absolute_url()}report.csv").getvalue().decode()
    rows = json.loads(viewer.get(f"{rollout.get_absolute_url()}report.json").getvalue())

    assert '"Access denied.","Trust Bowline."' in text
    assert len(rows) == 12
    assert (rows[0]["account"], rows[0]["status"]) == ("team-001", "failed")


def test_an_approval_is_no_end_that_is_announced(viewer, rollout) -> None:
    shown = viewer.get(rollout.get_absolute_url())
    decisions.approve_group(rollout, SAME, person("approver"))

    answer = asked_again(viewer, shown)

    assert answer.status_code == 200
    assert "toast-note" not in answer.content.decode()


def test_the_managing_account_is_first_among_the_plans(viewer, rollout) -> None:
    shown = page(viewer, rollout)

    managing = managing_run(rollout)
    assert shown.index(managing.get_absolute_url()) < shown.index("11 accounts</span>")
    row = shown.partition('id="row-managing"')[2].partition("</tr>")[0]
    named, changes, *_ = row.split("</td>")
    assert "state-" in named
    assert "state-" not in changes


@pytest.mark.parametrize("status", [Status.PLANNED, Status.VERIFIED])
def test_the_managing_account_is_to_be_reviewed_first_only_while_it_waits(
    viewer, rollout, status: Status
) -> None:
    Run.objects.filter(pk=managing_run(rollout).pk).update(status=status)

    says = "Review the managing account first" in " ".join(
        page(viewer, rollout).split()
    )

    assert says is (status == Status.PLANNED)


def test_groups_that_follow_are_counted_while_they_wait(
    viewer, rollout, monkeypatch
) -> None:
    monkeypatch.setattr("accounts.runs.rollouts.groups.MOST_GROUPS", 1)
    last = Run.objects.filter(pk=runs_of(rollout).last().pk)
    last.update(fingerprint="6b" * 16)
    follows = "1 more group follows once these are approved."

    assert follows in " ".join(page(viewer, rollout).split())
    last.update(status=Status.APPROVED, approved_at=Now())
    assert "once these are approved" not in page(viewer, rollout)


def test_the_page_costs_as_many_queries_for_many_accounts(
    viewer, rollout, django_assert_max_num_queries
) -> None:
    with django_assert_max_num_queries(40) as few:
        page(viewer, rollout)
    count = len(few)
    Rollout.objects.update(state=Rollout.State.STOPPED)
    Run.objects.update(status=Status.DISCARDED)
    for account in [run.account for run in runs_of(rollout)]:
        account.delete()
    many = started(40)
    plan(many)

    with django_assert_max_num_queries(count):
        page(viewer, many)


def test_the_page_counts_its_runs_once_and_reads_no_environment_of_each(
    viewer, rollout, django_assert_max_num_queries
) -> None:
    with django_assert_max_num_queries(40) as queries:
        page(viewer, rollout)

    asked = [query["sql"] for query in queries.captured_queries]
    assert sum('AS "carried"' in sql for sql in asked) == 1
    distinct = 'SELECT DISTINCT "accounts_managedaccount"."environment"'
    assert not [sql for sql in asked if sql.startswith(distinct)]


def test_the_list_counts_each_rollouts_accounts(viewer, rollout) -> None:
    move(rollout, Status.PLANNED, FAILED, most=2)

    response = viewer.get(reverse("accounts:rollouts"))

    ((_, accounts, _, failed, still_open, _, _),) = response.context["rows"]
    assert (accounts, failed, still_open) == (12, 2, 10)
    assert str(rollout) in response.content.decode()


def test_the_list_says_of_a_rollout_what_its_page_says(viewer, rollout) -> None:
    move(rollout, Status.PLANNED, FAILED, most=2)
    first = Run.objects.filter(pk=managing_run(rollout).pk)
    differ = []

    for state in Rollout.State.values:
        for status in (Status.PLANNING, Status.PLANNED, Status.VERIFIED, FAILED):
            Rollout.objects.update(state=state)
            first.update(status=status)
            ((*_, listed),) = viewer.get(reverse("accounts:rollouts")).context["rows"]
            shown = viewer.get(rollout.get_absolute_url()).context["result"]
            differ += [(state, status, listed, shown)] if listed != shown else []

    assert not differ


def test_the_list_costs_as_many_queries_for_many_rollouts(
    viewer, rollout, django_assert_max_num_queries
) -> None:
    shown = reverse("accounts:rollouts")
    with django_assert_max_num_queries(20) as one:
        viewer.get(shown)
    for _ in range(3):
        more = Rollout.objects.create(kind=rollout.kind, state=rollout.state)
        run_row(Status.VERIFIED, kind=Run.Kind.MANAGING, rollout=more)

    with django_assert_max_num_queries(len(one)):
        assert len(viewer.get(shown).context["rows"]) == 4


def test_what_owners_still_have_to_do_is_no_finished_work(viewer, rollout) -> None:
    move(rollout, Status.PLANNED, Status.VERIFIED)
    move(rollout, Status.VERIFIED, Status.HANDED_OFF, most=3)
    Rollout.objects.update(state=Rollout.State.FINISHED)

    shown = page(viewer, rollout)

    assert "3 accounts wait for their owners" in shown
    assert "3 handed off" in shown
    assert "The work on every account is complete" not in shown


def test_an_open_page_learns_that_something_moved(viewer, rollout) -> None:
    decisions.approve_group(rollout, SAME, person("approver"))
    advance(rollout.number)
    shown = viewer.get(rollout.get_absolute_url())

    before = asked_again(viewer, shown).status_code
    move(rollout, APPLYING, Status.VERIFIED, moved_at=Now())
    after = asked_again(viewer, shown)

    assert before == 204
    assert after.status_code == 200
    assert 'data-every="2000"' in after.content.decode()


def test_there_is_no_page_of_a_rollout_that_is_not_there(viewer) -> None:
    assert viewer.get(reverse("accounts:rollout", args=[99])).status_code == 404


OTHER = "f" * 32


def test_groups_are_told_apart_by_what_not_all_of_them_have(viewer, rollout) -> None:
    some = runs_of(rollout).values_list("pk", flat=True)[:5]
    Run.objects.filter(pk__in=list(some)).update(fingerprint=OTHER)
    for run in runs_of(rollout):
        is_other = run.fingerprint == OTHER
        describe(run, *([] if is_other else ["team-a"]), launch_templates=is_other)

    same = viewer.get(rollout.get_absolute_url()).context["groups"].same

    assert {group.fingerprint: (group.differs, group.granted) for group in same} == {
        SAME: (["launch templates: off"], ["READ: no one", "WRITE: team-a"]),
        OTHER: (["launch templates: on"], ["READ: everyone", "WRITE: everyone"]),
    }


def test_a_group_says_no_word_that_only_one_of_its_accounts_has(
    viewer, rollout
) -> None:
    some = runs_of(rollout).values_list("pk", flat=True)[:5]
    Run.objects.filter(pk__in=list(some)).update(fingerprint=OTHER)
    # Typed by a person: two accounts can have the same.
    ManagedAccount.objects.exclude(runs__fingerprint=OTHER).update(own_external_id="x")
    for run in runs_of(rollout):
        account = run.account
        ids = {"external_id": account.spinnakers_external_id}
        ids["account_id"] = account.account_id
        described = managed(provider("ec2"), name=account.name, **ids)
        after = entry_documents(topology(described))
        Run.objects.filter(pk=run.pk).update(entries={"before": [], "after": after})

    same = viewer.get(rollout.get_absolute_url()).context["groups"].same

    assert {group.fingerprint: group.differs for group in same} == {
        SAME: ["external ID: x"],
        OTHER: ["own external ID"],
    }


def test_a_group_names_the_groups_of_each_of_its_accounts(approver, rollout) -> None:
    first, second, *others = runs_of(rollout).filter(fingerprint=SAME)
    for run in others:
        describe(run, "sre")
    describe(first, "team-a")
    describe(second, "team-b")
    describe(others[0], "sre", read=("auditors",))

    (group,) = approver.get(rollout.get_absolute_url()).context["groups"].same
    url = reverse("accounts:rollout-group", args=[rollout.number, SAME])
    read = approver.get(url).content.decode()
    form = {"read": numbers(rollout)}
    press(approver, "rollout-approve", rollout, SAME, **form)

    assert group.granted == [
        "READ: no one (10), auditors (1)",
        "WRITE: sre (9), team-a (1), team-b (1)",
    ]
    listed = read.partition('id="granted"')[2].partition("</table>")[0]
    assert all(f"<td>{one}</td>" in listed for one in ("sre", "team-a", "team-b"))
    said = Activity.objects.get(what=Activity.What.APPROVE).detail["permissions"]
    assert said[0] == "READ: no one, WRITE: sre: 8 accounts"
    assert len(said) == 4


def test_what_failed_is_above_the_plans_once_no_plan_waits(viewer, rollout) -> None:
    failed = runs_of(rollout).first()
    Run.objects.filter(pk=failed.pk).update(status=FAILED, error={"message": "No."})

    waits = page(viewer, rollout)
    decisions.pause(rollout, None)
    paused = page(viewer, rollout)

    assert waits.index('id="groups"') < waits.index('class="causes"')
    assert paused.index('class="causes"') < paused.index('id="groups"')
