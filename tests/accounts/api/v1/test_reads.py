"""Runs, bundles and activity: read as on their pages."""

from __future__ import annotations

from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.mapping.plans import plan_of
from accounts.models import (
    Activity,
    Bundle,
    CheckResult,
    FoundRoles,
    ManagedAccount,
    Run,
)
from accounts.models.states import State, Status
from accounts.people.activity import record
from accounts.runs.results import fold
from tests.accounts.api.calling import caller
from tests.bundles import with_every_provider
from tests.rows import account_row, bundle_row, person, run_row, step_row

pytestmark = pytest.mark.django_db


def test_it_lists_runs_newest_first(reader):
    first, second = run_row(Status.FAILED), run_row(Status.PLANNED)

    runs = reader.read("/runs").json()["items"]
    failed = reader.read("/runs", status="failed").json()["items"]

    assert [run["number"] for run in runs] == [second.number, first.number]
    assert [run["number"] for run in failed] == [first.number]
    assert runs[0]["account_id"] == "922222222222"


def test_it_says_how_a_run_ended(reader):
    run = run_row(Status.FAILED, error={"message": "No.", "hint": "Ask.", "x": "y"})

    shown = reader.read(f"/runs/{run.number}").json()

    assert shown["status"] == "failed"
    assert shown["error"] == {"message": "No.", "hint": "Ask."}


def test_the_plan_has_what_an_approval_is_about(reader, managing):
    run = run_row(Status.PLANNED)
    step_row(run)

    plan = reader.read(f"/runs/{run.number}/plan").json()

    assert plan["digest"] == plan_of(run).digest
    assert plan["waits"]
    assert plan["changes"][0]["after"] == {"name": "spinnakerManaged"}


SAME = "5a" * 16
USED = {
    "role": "spinnakerManaged",
    "unread": "",
    "missing": [{"action": "s3:GetObject", "at": "2026-11-01T02:03:04+00:00"}],
    "more": 2,
    "unpassed": ["/web"],
    "more_unpassed": 1,
}


def test_the_plan_has_the_evidence_that_its_page_shows(reader, approver, managing):
    olga = person("operator", username="olga")
    account = account_row(adopts=True, environment="production")
    FoundRoles.objects.keep(account.pk, managed_by={"spinnakerManaged": "Terraform"})
    run = run_row(
        Status.PLANNED,
        account=account,
        evidence=[USED],
        created_by=olga,
        reach={
            **{"managing_first": True, "managing": False},
            **{"environments": ["production"], "second": ""},
        },
    )
    step_row(run)
    browser = Client()
    browser.force_login(approver.person)

    plan = reader.read(f"/runs/{run.number}/plan").json()
    page = unescape(browser.get(run.get_absolute_url()).content.decode())

    (evidence,) = plan["evidence"]
    assert USED.items() <= evidence.items()
    assert plan["managed_by"] == {"spinnakerManaged": "Terraform"}
    assert (plan["decided_in"], plan["caused_by"]) == (
        "production",
        "olga (started this plan)",
    )
    assert plan["comes_first"].startswith("The managing account, core, has changes")
    for said in (
        "s3:GetObject",
        "<code>/web</code>",
        "spinnakerManaged is managed by",
        f"<dd>{plan['decided_in']}</dd>",
        f"<dd>{plan['caused_by']}</dd>",
        plan["comes_first"],
    ):
        assert said in page


def test_an_edit_outdates_the_plan(reader, managing):
    run = run_row(Status.PLANNED)
    run.account.touch()

    plan = reader.read(f"/runs/{run.number}/plan").json()

    assert not plan["waits"]
    assert plan["outdated_by"] == "staging was edited after it was planned."


@pytest.mark.parametrize("folded", [False, True])
def test_the_results_are_those_of_the_checks(reader, folded):
    run = run_row(Status.VERIFIED)
    CheckResult.objects.create(
        run=run, position=0, provider="ec2", name="List", outcome="passed"
    )
    if folded:
        fold([run.pk])

    results = reader.read(f"/runs/{run.number}/results").json()

    assert [(one["name"], one["outcome"]) for one in results] == [("List", "passed")]


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5", str(2**31), str(10**30)])
def test_a_number_that_is_none_is_refused(reader, number):
    assert reader.read(f"/runs/{number}").status_code == 422


def test_what_there_is_not_is_a_404(reader):
    paths = ("/runs/7", "/runs/7/plan", "/runs/7/results", "/bundles/7")

    assert {reader.read(path).status_code for path in paths} == {404}


def test_it_lists_and_shows_bundles(reader):
    bundle = bundle_row(with_every_provider(), 3)

    (listed,) = reader.read("/bundles").json()["items"]
    shown = reader.read("/bundles/3").json()

    assert (listed["number"], listed["sha256"]) == (3, bundle.sha256)
    assert "README.md" in [file["path"] for file in shown["files"]]


def test_who_operates_downloads_a_bundle_and_it_is_recorded(operator):
    bundle = bundle_row(with_every_provider(), 3)

    answer = operator.read("/bundles/3/download")

    assert answer.content == bytes(bundle.archive)
    assert answer["Content-Type"] == "application/zip"
    entry = Activity.objects.get(what="download")
    assert entry.detail == {"bundle": 3, "sha256": bundle.sha256, "token": "ci"}


def test_who_reads_downloads_none(reader):
    bundle_row(with_every_provider(), 3)

    assert reader.read("/bundles/3/download").status_code == 403


def test_no_scope_reads_who_signed_in_from_where():
    administrator = caller("administrator")
    record(person("viewer"), Activity.What.SIGN_IN, "", {"address": "192.0.2.1"})
    record(None, Activity.What.PLAN, "staging", {"run": "x"})

    entries = administrator.read("/activity").json()["items"]

    assert [one["what"] for one in entries] == ["plan", "settings"]
    assert entries[0]["hash"]
    found = administrator.read("/activity", **{"what": "plan", "from": "2020-01-01"})
    assert len(found.json()["items"]) == 1


@pytest.mark.parametrize("path", ["/accounts", "/runs", "/bundles", "/activity"])
def test_no_filter_takes_what_the_database_cannot(reader, path):
    keys = ("text", "who", "about", "what", "status", "state")

    for key in keys:
        assert reader.read(path, **{key: "\0"}).status_code in {200, 422}


def test_what_a_worker_does_says_where_to_read_it_again(reader, managing):
    account_row()
    run = run_row(Status.APPLYING, account=ManagedAccount.objects.get())

    working = reader.read(f"/runs/{run.number}").json()
    Run.objects.update(status=Status.VERIFIED)
    done = reader.read(working["path"]).json()

    assert (working["path"], working["in_progress"]) == (f"/runs/{run.number}", True)
    assert working["page"] == f"http://testserver{run.get_absolute_url()}"
    assert done["in_progress"] is False


def test_a_bundle_says_where_to_read_it_again(reader):
    bundle = Bundle.objects.create(number=7, status=Bundle.Status.BUILDING)

    building = reader.read("/bundles/7").json()
    Bundle.objects.update(status=Bundle.Status.READY)
    ready = reader.read(building["path"]).json()

    assert (building["path"], building["in_progress"]) == ("/bundles/7", True)
    assert building["page"] == f"http://testserver{bundle.get_absolute_url()}"
    assert ready["in_progress"] is False


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/accounts", 6),
        ("/runs", 6),
        ("/bundles", 6),
        ("/activity", 6),
        ("/overview", 19),
        ("/runs/same", 18),
        (f"/runs/same/{SAME}", 18),
    ],
)
def test_the_queries_do_not_grow_with_the_rows(reader, managing, path, most):
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert reader.read(path).status_code == 200
        return len(found)

    def more(number: int) -> None:
        account = account_row(
            f"a-{number}", account_id=f"{number}" * 12, state=State.FAILED
        )
        step_row(run_row(account=account, fingerprint=SAME))
        bundle_row(with_every_provider(), number)
        record(None, Activity.What.PLAN, account.name)

    more(1)
    more(2)
    reader.read(path)
    few = queries()
    for number in range(3, 7):
        more(number)

    assert queries() == few <= most
