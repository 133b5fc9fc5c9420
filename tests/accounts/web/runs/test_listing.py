"""The list of runs: how it is searched, and what it costs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ManagedAccount, Run
from accounts.models.states import Status
from accounts.people.reach import DecisionReach, as_stored
from tests.rows import account_row, managing_row, run_row, step_row


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


@pytest.mark.parametrize(
    ("origin", "listed", "told"),
    [
        ("schedule", "the schedule", "by the schedule"),
        ("command", "somebody · CLI", "by somebody on the command line"),
        ("", "not known", ""),
    ],
)
def test_it_is_told_who_or_what_started_a_run(
    operator, origin: str, listed: str, told: str
) -> None:
    managing_row()
    run = run_row(Status.VERIFIED, started_from=origin)

    table = operator.get("/runs/").content.decode()
    page = operator.get(run.get_absolute_url()).content.decode()
    history = {"tab": "history"}
    account = operator.get(run.account.get_absolute_url(), history).content.decode()

    assert f">{listed}</td>" in table
    lead = page.partition('<p class="head-lead">')[2].partition("</p>")[0]
    assert lead.partition("</time>")[2].partition(" · ")[0].strip() == told
    assert f"</time> {told}".strip() in account


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("run {number}", ["web"]),
        ("#{number}", ["web"]),
        ("{number}", ["web"]),
        ("1111", ["api"]),
        ("1111-1111-1111", ["api"]),
        ("9000", ["core"]),
        ("mallory", ["web"]),
        ("ALICE", ["api"]),
        ("nobody", []),
    ],
)
def test_the_list_is_searched_by_number_account_and_person(
    operator, text: str, found: list[str]
) -> None:
    managing_row(account_id="900000000000")
    api = account_row("api", account_id="1" * 12)
    web = account_row("web", account_id="2" * 12)
    run_row(account=api, approved_by_name="alice", approved_at=timezone.now())
    run_row(Status.VERIFIED, account=None, kind=Run.Kind.MANAGING)
    quoted = run_row(account=web, created_by_name="mallory")

    response = operator.get("/runs/", {"text": text.format(number=quoted.number)})

    assert names(response) == found


def test_all_that_is_in_progress_is_one_choice(operator) -> None:
    for digit, status in enumerate(("planning", "verifying", "planned")):
        account = account_row("abc"[digit], account_id=f"{digit:012}")
        run_row(status, account=account)

    assert names(operator.get("/runs/?status=in+progress")) == ["b", "a"]


def test_a_row_says_the_number_the_changes_and_who_approved(operator) -> None:
    account = account_row(verification="verified")
    run = run_row(
        Status.VERIFIED,
        approved_at=timezone.now(),
        approved_by_name="olga",
        entries={"before": [], "after": account.approved_entries},
    )
    step_row(run)
    step_row(run)

    html = operator.get("/runs/").content.decode()

    assert f">Run {run.number}</a>" in html
    assert '<td class="number not-narrow">3</td>' in html
    assert "olga</td>" in html


@pytest.mark.parametrize(
    "fields", [{"kind": Run.Kind.VERIFY}, {"status": Status.PLANNING}]
)
def test_a_run_without_a_plan_counts_no_changes(operator, fields) -> None:
    run_row(**fields)

    (row,) = operator.get("/runs/").context["rows"]

    assert row.changes is None


def test_the_managing_accounts_run_leads_to_it(viewer, managing) -> None:
    run = run_row(kind=Run.Kind.MANAGING, account=None)

    for url in ("/runs/", run.get_absolute_url()):
        html = viewer.get(url).content.decode()
        assert re.search(r'href="/managing/">(core|the account)</a>', html), url


def test_a_removal_says_what_is_removed_from_where(viewer, managing) -> None:
    run = run_row(kind=Run.Kind.REMOVE)

    html = viewer.get(run.get_absolute_url()).content.decode()

    assert f"<h1>Run {run.number}: Remove staging from AWS</h1>" in html


def test_a_number_leads_to_its_run(viewer, managing) -> None:
    run = run_row()

    found = viewer.get(f"/runs/{run.number}/")
    missing = viewer.get(f"/runs/{run.number + 1}/")

    assert found["Location"] == run.get_absolute_url()
    assert missing.status_code == 404


def test_a_run_is_called_by_its_number_on_its_page(viewer, managing) -> None:
    run = run_row()

    html = viewer.get(run.get_absolute_url()).content.decode()

    called = f"Run {run.number}: Onboard staging"
    assert f"<h1>{called}</h1>" in html
    assert f"<title>Needs approval · {called} · Bowline</title>" in html


def test_a_page_counts_the_steps_of_its_own_runs_only(operator) -> None:
    """Not those of the newer runs, which the database skips."""
    run_row(Status.VERIFIED, account=account_row())
    with CaptureQueriesContext(connection) as queries:
        operator.get("/runs/?page=2")

    counts = [one["sql"] for one in queries if "step_count" in one["sql"]]
    assert counts
    assert not [sql for sql in counts if "LIMIT" in sql]


def test_the_queries_do_not_grow_with_the_runs(operator) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert operator.get("/runs/").status_code == 200
        return len(captured)

    account = account_row()
    run_row(Status.VERIFIED, account=account)
    few = queries()
    more = [ManagedAccount(name=f"a{n}", account_id=f"{n:012}") for n in range(60)]
    ManagedAccount.objects.bulk_create(more)
    Run.objects.bulk_create(
        Run(account=one, account_name=one.name, status=Status.VERIFIED) for one in more
    )

    assert queries() == few


def test_a_plan_says_what_it_waits_for(operator, managing) -> None:
    """A plan of the managing account's own comes first, until it is applied."""
    account = account_row()
    waiting = as_stored(DecisionReach(), "", managing_first=True)
    run_row(Status.PLANNED, account=account, reach=waiting)
    own = run_row(Status.PLANNED, account=None, kind=Run.Kind.MANAGING)

    waits = said(operator)
    Run.objects.filter(pk=own.pk).update(
        status=Status.VERIFIED, finished_at=timezone.now()
    )

    assert waits == ["needs approval", "needs approval", f"after {own.title}"]
    assert said(operator) == ["needs approval"]


def said(browser: Client) -> list[str]:
    page = " ".join(browser.get("/runs/").content.decode().split())
    return re.findall(r"(needs approval|after Run \d+)</span>", page)


def test_a_plan_of_what_is_onboarded_is_called_a_change(viewer: Client) -> None:
    account = account_row("web", granted_at=timezone.now())
    run_row(Status.VERIFIED, account=account)
    run_row(Status.VERIFIED, account=account_row("new", account_id="9" * 12))
    run_row(Status.VERIFIED, account=account, kind="verify")

    rows = viewer.get("/runs/").context["rows"]

    said = [(run.account_name, run.does) for run, _ in rows]
    assert said == [("web", "Verify"), ("new", "Onboard"), ("web", "Change")]


def test_what_follows_a_failed_step_was_not_begun(viewer: Client) -> None:
    run = run_row(Status.FAILED, account=account_row(), approved_at=timezone.now())
    Run.objects.filter(pk=run.pk).update(finished_at=timezone.now())
    step_row(run, status="failed")
    step_row(run, position=2, name="BaseIAMRole", status="pending")

    page = viewer.get(run.get_absolute_url()).text

    assert "not begun" in page
    assert "Approved, but not started." not in page
