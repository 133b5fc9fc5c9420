"""Every filter of a list is one of its page, of its file, and of the API: of two rows
it finds one.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.api.api import api
from accounts.api.paging import PageQuery
from accounts.discover.clusters import begin_search
from accounts.lists.accounts import ACCOUNTS
from accounts.lists.activity import ACTIVITY
from accounts.lists.bundles import BUNDLES
from accounts.lists.members import CLUSTERS, MEMBERS
from accounts.lists.runs import RUNS
from accounts.models import (
    Activity,
    Bundle,
    FoundCluster,
    FoundRoles,
    ManagedAccount,
    Member,
    MemberTag,
    Question,
    Rollout,
    Unit,
    Upload,
)
from accounts.models.states import State, Status
from accounts.web.bulk.exports import EXPORTED
from tests.accounts.api.calling import Caller, token_of
from tests.accounts.discover.organization.organizations import member_row
from tests.rows import account_row, managing_row, person, run_row
from tests.test_structure import APP, modules

LONG_AGO = datetime(2025, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
FILE = "00000000-0000-0000-0000-000000000001"

OF_API = {
    "accounts": (ACCOUNTS, "/accounts"),
    "runs": (RUNS, "/runs"),
    "bundles": (BUNDLES, "/bundles"),
    "activity": (ACTIVITY, "/activity"),
    "organization": (MEMBERS, "/organization/members"),
    "clusters": (CLUSTERS, "/clusters/searches/{id}/clusters"),
}
NOT_OF_API = {
    "PEOPLE": "no scope reads what concerns people",
    "ADOPTED": "the API answers with the whole report",
}
PAGES = {
    "accounts": "/accounts/",
    "runs": "/runs/",
    "bundles": "/bundles/",
    "activity": "/settings/activity/",
    "organization": "/accounts/organization/",
    "clusters": "/accounts/clusters/{id}/",
}
NAME_IN = {
    "clusters": "account",
    "runs": "account",
    "bundles": "created_by",
    "activity": "about",
}

FINDS: dict[tuple[str, str], str] = {
    ("accounts", "text"): "1111-1111",
    ("accounts", "state"): "failed",
    ("accounts", "environment"): "lab",
    ("accounts", "provider"): "lambda",
    ("accounts", "checks"): "failed",
    ("accounts", "verification"): "stale",
    ("accounts", "policies"): "older",
    ("accounts", "write"): "everybody",
    ("accounts", "existing"): "trust",
    ("accounts", "organization"): "inactive",
    ("accounts", "added"): LONG_AGO.isoformat(),
    ("accounts", "file"): FILE,
    ("runs", "text"): "we",
    ("runs", "rollout"): "7",
    ("runs", "kind"): "remove",
    ("runs", "status"): "planned",
    ("runs", "waits"): "me",
    ("bundles", "text"): "#1",
    ("bundles", "status"): "ready",
    ("activity", "about"): "WEB",
    ("activity", "who"): "ann",
    ("activity", "what"): "verify",
    ("activity", "from"): "2026-11-15",
    ("activity", "to"): "2026-11-15",
    ("organization", "text"): "web@",
    ("organization", "unit"): "ou-a",
    ("organization", "known"): "yes",
    ("organization", "state"): "suspended",
    ("organization", "joined"): "30",
    ("organization", "tag"): "team=web",
    ("clusters", "like"): "we?*",
    ("clusters", "account"): "web",
    ("clusters", "region"): "eu-west-1",
}
"""What each filter is asked for: it finds what is called web."""
EARLIER = ("activity", "to")
"""It finds the other one."""


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def two(root: User, client: Client) -> Caller:
    """Make two rows of each list: all filters but one find the first."""
    client.force_login(root)
    caller = Caller(token_of(root))
    managing_row()
    web = account_row("web", account_id="1" * 12, providers={"lambda": {}})
    data = account_row("data", account_id="2" * 12, write_roles=["team"])
    ManagedAccount.objects.filter(pk=web.pk).update(
        state=State.FAILED,
        environment="lab",
        verification=State.VERIFIED,
        verified_at=LONG_AGO,
        policy_set=1,
        adopts=True,
        created_at=LONG_AGO,
    )
    FoundRoles.objects.create(account=web, taken="trust", read_at=LONG_AGO)
    Upload.objects.create(pk=FILE, by=person("viewer"), saved=[str(web.pk)])
    rollout = Rollout.objects.create(number=7, kind="remove")
    run = run_row(Status.PLANNED, account=web, kind="remove", rollout=rollout)
    run.checks.create(position=0, provider="ec2", name="List", outcome="failed")
    run_row(Status.FAILED, account=data)
    for number, (name, status) in enumerate([("web", "ready"), ("data", "failed")], 1):
        Bundle.objects.create(number=number, status=status, created_by_name=name)
    without_activity()
    for number, (name, who, what) in enumerate(
        [("web", "Ann", "verify"), ("data", "Ben", "plan")], 1
    ):
        at = datetime(2026, 11, 30 - 10 * number, tzinfo=UTC)
        Activity(number=number, at=at, who=who, what=what, about=name).save()
    two_members()
    search = begin_search([web, data], root)
    Question.objects.update(answered_at=timezone.now())
    for account, region in ((web, "eu-west-1"), (data, "us-east-1")):
        FoundCluster.objects.create(
            search=search, account=account, name=account.name, region=region
        )
    return caller


def without_activity() -> None:
    """Empty the log, of which PostgreSQL refuses to delete a row."""
    if connection.vendor == "sqlite":
        Activity.objects.all()._raw_delete("default")
        return
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE accounts_activity CASCADE")


def two_members() -> None:
    web, _ = member_row("1" * 12, "web", "SUSPENDED"), member_row("3" * 12, "data")
    unit = Unit.objects.create(
        organization=web.organization, unit_id="ou-a", path="A", lineage="/r/ou-a/"
    )
    Member.objects.filter(pk=web.pk).update(
        unit=unit, joined_at=timezone.now(), email="web@example.com"
    )
    MemberTag.objects.create(member=web, key="team", value="web")


def parameters(path: str) -> set[str]:
    said = api.get_openapi_schema()["paths"][f"/api/v1{path}"]["get"]["parameters"]
    names = {one["name"] for one in said if one["in"] == "query"}
    return names - PageQuery.model_fields.keys()


def test_every_filter_is_a_parameter_of_the_api() -> None:
    known = {path: {one.name for one in of.filters} for of, path in OF_API.values()}

    assert {path: parameters(path) for path in known} == known


def test_every_list_is_of_the_api_or_says_why_not() -> None:
    declared = {
        name
        for path in modules(APP)
        for name in re.findall(r"^(\w+) = Listing\(", path.read_text(), re.MULTILINE)
    }

    assert declared == {one.upper() for one in OF_API} - {"ORGANIZATION"} | {
        "MEMBERS",
        *NOT_OF_API,
    }


def test_every_filter_is_tried() -> None:
    declared = {
        (name, one.name) for name, (of, _) in OF_API.items() for one in of.filters
    }

    assert declared == FINDS.keys()


@pytest.mark.parametrize(("of", "name"), FINDS)
def test_every_filter_finds_one_row_wherever_it_is_asked(
    two: Caller, client: Client, of: str, name: str
) -> None:
    asked = {name: FINDS[of, name]}
    found = "data" if (of, name) == EARLIER else "web"

    search = Question.objects.get().pk
    path, address = OF_API[of][1].format(id=search), PAGES[of].format(id=search)
    items = two.read(path, **asked).json()["items"]
    page = client.get(address, asked).context["page"]

    key = NAME_IN.get(of, "name")
    assert [one[key] for one in items] == [found]
    assert page.paginator.count == 1
    if of in {one.name for one in EXPORTED}:
        file = client.get(f"/{of}.json", asked)
        rows = json.loads(b"".join(file.streaming_content))
        assert [one[key] for one in rows] == [found]
