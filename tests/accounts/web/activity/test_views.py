"""The page over the activity log: who sees what, how it is searched, what it costs."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Activity
from accounts.models.states import Status
from accounts.people.activity import record
from accounts.runs.actions import record_run
from accounts.web.activity import views
from accounts.web.activity.views import facts_of
from tests.rows import account_row, managing_row, person, run_row

pytestmark = pytest.mark.django_db

What = Activity.What
PATH = "/settings/activity/"
DIGEST = "d" * 64


@pytest.fixture
def approver_named_olga() -> Any:
    return person("approver", username="olga")


def shown(client: Client, **asked: str) -> list[str]:
    page = client.get(PATH, asked).context["page"]
    return [f"{entry.who} {entry.what}" for entry in page]


def entries(*moments: datetime, **fields: Any) -> None:
    """Write entries without their chain."""
    before = Activity.objects.count()
    Activity.objects.bulk_create(
        Activity(number=number, at=at, **{"who": "ann", "what": What.PLAN, **fields})
        for number, at in enumerate(moments, before + 1)
    )


def test_it_teaches_while_nothing_was_decided(viewer: Client) -> None:
    assert "No activity yet" in viewer.get(PATH).text


def test_an_approval_has_the_digest_of_the_plan_that_was_read(viewer: Client) -> None:
    account = account_row("web")
    run = run_row(Status.APPROVED, account=account, approved_digest=DIGEST)
    record_run(None, What.APPROVE, run)

    answer = viewer.get(PATH)

    (entry,) = answer.context["entries"]
    assert entry.digest == DIGEST
    assert entry.url == account.get_absolute_url()
    assert f'<a href="/runs/{run.number}/">Run {run.number}</a>' in answer.text
    assert "approved the plan" in answer.text
    assert DIGEST[:12] + "…" in answer.text


def test_an_entry_leads_to_its_account_while_there_is_one(viewer: Client) -> None:
    account = account_row("web")
    record(None, What.EDIT, "web")
    record(None, What.EDIT, "gone")

    gone, there = viewer.get(PATH).context["entries"]

    assert (there.url, gone.url) == (account.get_absolute_url(), "")


def test_what_has_a_number_leads_to_its_page(viewer: Client) -> None:
    managing_row(name="core")
    for about in ("Rollout 4: 3 accounts", "Bundle 12", "Delivery 3", "core", "Bundle"):
        record(None, What.STOP, about)

    urls = [entry.url for entry in viewer.get(PATH).context["entries"]]

    assert urls == [
        "",
        "/managing/",
        "/bundles/deliveries/3/",
        "/bundles/12/",
        "/runs/rollouts/4/",
    ]


def test_neighbours_that_say_the_same_are_one_row(viewer: Client) -> None:
    record("ann", What.APPROVE, "web")
    for plans in (3, 1, 2):
        about = f"Rollout 4: {plans} accounts"
        runs = list(range(7, 7 + plans))
        record("ann", What.APPROVE, about, {"rollout": 4, "runs": runs})
    for name in ("a", "b", "c"):
        record("bob", What.EDIT, name)
    record("ann", What.EDIT, "a")

    answer = viewer.get(PATH)

    said = [(row.first.activity.who, row.says) for row in answer.context["rows"]]
    assert said == [
        ("ann", ""),
        ("bob", "3 times"),
        ("ann", "3 groups, 6 plans of Rollout 4"),
        ("ann", ""),
    ]
    text = " ".join(answer.text.split())
    assert "approved the plan 3 groups, 6 plans of Rollout 4 <span" in text
    assert [row.names for row in answer.context["rows"]][1] == "c, b, a"
    assert text.count('<a href="/runs/rollouts/4/">Rollout 4:') == 3
    assert text.count('<a href="/runs/7/">Run 7</a>') == 3


def test_the_first_of_many_runs_are_links(viewer: Client) -> None:
    record("ann", What.APPROVE, "Rollout 4", {"rollout": 4, "runs": [*range(1, 9)]})
    record("ann", What.PLAN, "web", {"runs": ["<b>", True, -1], "number": "x"})

    text = " ".join(viewer.get(PATH).text.split())

    assert '<a href="/runs/5/">Run 5</a> and 3 more' in text
    assert "/runs/6/" not in text


def test_days_are_asked_for_in_the_form_that_the_address_has(viewer: Client) -> None:
    text = viewer.get(PATH).text

    assert text.count('placeholder="YYYY-MM-DD"') == 2
    assert 'type="date"' not in text


def test_who_signed_in_from_where_is_not_for_everybody(
    viewer: Client, approver_named_olga: Any
) -> None:
    record(None, What.PLAN, "web")
    record(None, What.SIGN_IN, "", {"address": "192.0.2.7"})
    approver = Client()
    approver.force_login(approver_named_olga)

    seen, all_of_it = shown(viewer), shown(approver)
    asked = shown(viewer, what=What.SIGN_IN)
    files = b"".join(
        viewer.get(f"/activity.{form}?what=sign-in").getvalue()
        for form in ("csv", "json")
    )

    assert seen == ["the command line plan"]
    assert all_of_it == ["the command line sign-in", "the command line plan"]
    assert asked == []
    assert b"192.0.2.7" not in files
    assert "signed in" not in viewer.get(PATH).text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["bob edit", "ann plan"]),
        ({"who": "ANN"}, ["ann plan"]),
        ({"who": "an"}, []),
        ({"what": "edit"}, ["bob edit"]),
        ({"what": "no such"}, []),
        ({"about": "PRO"}, ["bob edit"]),
        ({"from": "2026-03-02"}, ["bob edit"]),
        ({"to": "2026-03-01"}, ["ann plan"]),
        ({"from": "2026-03-01", "to": "2026-03-02"}, ["bob edit", "ann plan"]),
        ({"from": "2026-03-03"}, []),
        ({"from": "yesterday"}, []),
        ({"to": "9999-12-31"}, []),
        ({"page": "no number", "who": "ann"}, ["ann plan"]),
    ],
)
def test_the_filters_are_in_the_address(
    viewer: Client, asked: dict[str, str], found: list[str]
) -> None:
    entries(datetime(2026, 3, 1, 23, 59, tzinfo=UTC), about="web")
    entries(
        datetime(2026, 3, 2, 0, 0, tzinfo=UTC), who="bob", what=What.EDIT, about="prod"
    )

    assert shown(viewer, **asked) == found


@pytest.mark.parametrize("detail", [["a list"], "a list", {"detail": "a list"}])
def test_details_of_any_kind_are_shown(detail: Any) -> None:
    (entry,) = views.entries(
        [Activity(what="settings", detail=detail)], of_people=False
    )

    assert entry.facts == [("detail", "a list")]


def test_the_files_hold_what_the_filters_show(viewer: Client) -> None:
    record("=ann", What.BUILD, "Bundle 1", {"sha256": DIGEST})
    record("bob", What.PLAN, "web", {"number": 7})

    (row,) = csv.DictReader(
        io.StringIO(viewer.get("/activity.csv?what=build").getvalue().decode())
    )
    (said,) = json.loads(viewer.get("/activity.json?who=bob").getvalue())

    assert (row["who"], row["digest"]) == ("'=ann", DIGEST)
    assert json.loads(row["detail"]) == {"sha256": DIGEST}
    last = Activity.objects.get(number=2)
    assert (said["number"], said["hash"], said["what"]) == (2, last.hash, "plan")
    assert said["detail"] == {"number": 7}


@pytest.mark.exhaustive
def test_a_hundred_thousand_entries_cost_no_more_queries(viewer: Client) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    entries(at, about="web")
    viewer.get(PATH)
    with CaptureQueriesContext(connection) as few:
        viewer.get(PATH)
    entries(*[at] * 99_999, about="web")

    with CaptureQueriesContext(connection) as many:
        answer = viewer.get(PATH, {"page": "2000"})

    assert len(many) == len(few)
    assert "99,951–100,000 of 100,000 decisions" in " ".join(answer.text.split())


def link_of(client: Client) -> str:
    (entry,) = client.get(PATH, {"what": What.ROLES}).context["entries"]
    return entry.url


def test_a_change_of_roles_leads_administrators_to_the_person(client: Client) -> None:
    olga = person("operator", username="olga")
    account_row("olga")
    record(None, What.ROLES, "olga", {"changed": [[], ["operator"]]})

    client.force_login(person("administrator"))
    for_administrators = link_of(client)
    client.force_login(person("approver"))

    assert for_administrators == f"/settings/people/{olga.pk}/"
    assert link_of(client) == ""


def test_links_to_people_cost_one_query(client: Client) -> None:
    client.force_login(person("administrator"))

    def cost(people: int) -> int:
        for number in range(people):
            name = f"{people}-{number}"
            record(None, What.ROLES, person("viewer", username=name).username)
        with CaptureQueriesContext(connection) as queries:
            client.get(PATH)
        return len(queries)

    assert cost(1) == cost(9)


EKS = {"clusters": [{"name": "main", "region": "eu-west-1"}], "namespaces": []}


@pytest.mark.parametrize(
    ("detail", "facts"),
    [
        (
            {"changed": {"environment": ["test", "prod"]}},
            [("environment", "test → prod")],
        ),
        (
            {"changed": {"regions": [[], ["eu-west-1"]]}},
            [("regions", "none → eu-west-1")],
        ),
        (
            {"changed": {"eks": [None, EKS]}},
            [
                (
                    "EKS",
                    "added, clusters: name: main, region: eu-west-1",
                )
            ],
        ),
        (
            {"changed": {"ec2": [{"bake": True}, {"bake": False}]}},
            [("EC2 bake", "yes → no")],
        ),
        ({"changed": {"lambda": [None, {}]}}, [("Lambda", "added")]),
        ({"changed": {"managed_role": [None, ""], "carried": [None, {}]}}, []),
        ({"changed": {"lambda": [{}, None]}}, [("Lambda", "removed")]),
        ({"changed": {"ec2": [{"a": 1}, {"a": 1, "b": [2]}]}}, [("EC2 b", "none → 2")]),
        ({"changed": [[], ["operator"]]}, [("changed", "none → operator")]),
        ({"changed": "a planted text"}, [("changed", "a planted text")]),
        ({"changed": {"eks": "planted"}}, [("EKS", "planted")]),
        ({"more_roles": ["a", "b"]}, [("more roles", "a, b")]),
    ],
)
def test_an_edit_says_what_was_and_what_is(
    detail: dict[str, Any], facts: list[tuple[str, str]]
) -> None:
    row = record(None, What.EDIT, "web", detail)

    assert facts_of(row) == facts
