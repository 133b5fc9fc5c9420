"""The lists as files, with the filters that are in force."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Bundle, EnabledProvider, ManagedAccount, Run
from accounts.models.states import State, Status
from tests.accounts.discover.organization.organizations import CORE, member_row
from tests.rows import account_row, managing_row, run_row, step_row


def text_of(response: Any) -> str:
    assert response.streaming
    return b"".join(response.streaming_content).decode()


def csv_rows(client: Client, address: str) -> list[dict[str, str]]:
    text = text_of(client.get(address))
    return list(csv.DictReader(StringIO(text, newline="")))


def json_rows(client: Client, address: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(text_of(client.get(address)))
    return rows


def test_accounts_are_written_as_the_list_shows_them(viewer: Client) -> None:
    account_row("web", account_id="0" * 12, state=State.FAILED, environment="=lab")
    account_row("api", account_id="1" * 12, state=State.FAILED)
    account_row("db", account_id="2" * 12, providers={"ec2": {}, "lambda": {}})

    failed = csv_rows(viewer, "/accounts.csv?state=failed&sort=-name")
    (draft,) = json_rows(viewer, "/accounts.json?state=draft")

    assert [row["name"] for row in failed] == ["web", "api"]
    assert failed[0]["account_id"] == "0" * 12
    assert failed[0]["environment"] == "'=lab"
    assert (draft["name"], draft["providers"]) == ("db", ["ec2", "lambda"])
    assert (draft["regions"], draft["verified_at"]) == (["us-east-1"], None)


def test_runs_are_written_with_who_approved_and_how_many_changes(
    viewer: Client,
) -> None:
    run = run_row(Status.VERIFIED, approved_by_name="olga", approved_at=timezone.now())
    step_row(run)
    run_row(Status.FAILED, account=None, kind=Run.Kind.MANAGING)

    (row,) = csv_rows(viewer, "/runs.csv?status=verified")
    (failed,) = json_rows(viewer, "/runs.json?text=core")

    assert (row["number"], row["changes"]) == (str(run.number), "1")
    assert (row["account_id"], row["approved_by"]) == ("922222222222", "olga")
    assert (failed["account"], failed["approved_at"]) == ("core", None)


def test_bundles_are_written_without_their_archives(viewer: Client) -> None:
    one = Bundle.objects.create(number=1, status="ready", archive=b"PK", size=2)
    one.accounts.add(account_row())
    Bundle.objects.create(number=2, status="failed")

    (row,) = json_rows(viewer, "/bundles.json?status=ready")
    everything = csv_rows(viewer, "/bundles.csv")

    assert (row["number"], row["accounts"], row["size"]) == (1, 1, 2)
    assert [bundle["number"] for bundle in everything] == ["2", "1"]


def test_the_organization_is_written_with_what_bowline_has_of_it(
    operator: Client,
) -> None:
    managing_row(account_id=CORE.account_id)
    web = member_row("0" * 12, "=Web")
    web.tags.create(key="team", value="web")
    web.unit = web.organization.units.create(unit_id="ou-a", path="Root / A")
    web.save()
    member_row("1" * 12, "Old", "SUSPENDED")
    account_row("web", account_id="0" * 12)

    (row,) = csv_rows(operator, "/organization.csv?state=active")
    everything = json_rows(operator, "/organization.json?sort=-account_id")

    assert (row["name"], row["account_id"], row["tags"]) == (
        "'=Web",
        "0" * 12,
        "team=web",
    )
    assert (row["unit"], row["in_bowline"]) == ("Root / A", "web")
    assert [(one["state"], one["in_bowline"]) for one in everything] == [
        ("suspended", None),
        ("active", "web"),
    ]
    html = operator.get("/accounts/organization/?known=no").content.decode()
    assert 'href="/organization.csv?known=no"' in html


def test_an_organization_that_nobody_read_has_no_file(operator: Client) -> None:
    assert operator.get("/organization.csv").status_code == 404


@pytest.mark.parametrize("name", ["accounts", "runs", "bundles"])
@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_file_has_a_name_and_a_kind(viewer: Client, name: str, form: str) -> None:
    response = viewer.get(f"/{name}.{form}")

    kind = {"csv": "text/csv; charset=utf-8", "json": "application/json"}[form]
    assert response["Content-Type"] == kind
    assert response["Cache-Control"] == "no-store"
    said = response["Content-Disposition"]
    assert said.startswith(f'attachment; filename="bowline-{name}-20')
    assert said.endswith(f'.{form}"')


@pytest.mark.parametrize(
    ("page", "query"),
    [("accounts", "?state=draft"), ("runs", "?status=planned"), ("bundles", "?text=1")],
)
def test_a_list_links_to_its_files_with_its_filters(
    viewer: Client, page: str, query: str
) -> None:
    managing_row()
    run_row()
    Bundle.objects.create(number=1)

    html = viewer.get(f"/{page}/{query}&page=1").content.decode()

    for form in ("csv", "json"):
        assert f'href="/{page}.{form}{query}"' in html


@pytest.mark.parametrize("page", ["accounts", "runs"])
def test_many_rows_take_no_query_each(viewer: Client, page: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            text_of(viewer.get(f"/{page}.csv"))
        return len(captured)

    def add(count: int) -> None:
        before = ManagedAccount.objects.count()
        rows = ManagedAccount.objects.bulk_create(
            ManagedAccount(name=f"a{n}", account_id=f"{n:012}")
            for n in range(before, before + count)
        )
        EnabledProvider.objects.bulk_create(
            EnabledProvider(account=row, key="ec2") for row in rows
        )
        Run.objects.bulk_create(
            Run(account=row, account_name=row.name, status="verified") for row in rows
        )

    add(2)
    few = queries()
    add(60)

    assert queries() == few


@pytest.mark.parametrize("name", ["organization", "people"])
@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_file_needs_the_role_that_its_list_says(
    viewer: Client, name: str, form: str
) -> None:
    assert viewer.get(f"/{name}.{form}").status_code == 403
