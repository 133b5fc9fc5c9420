"""Units of the organization by the API: watched, with a template, and no more."""

from __future__ import annotations

import pytest

from accounts.models import Activity, Organization, Unit, Watch
from tests.accounts.api.calling import detail
from tests.accounts.api.v1.organization.test_members import ONE, SHARED
from tests.accounts.discover.organization.organizations import CORE, member_row
from tests.rows import managing_row

WATCH = "/organization/units/ou-a/watch"


@pytest.fixture
def units(db) -> list[Unit]:
    managing_row(name=CORE.name, account_id=CORE.account_id)
    member_row(ONE, "web")
    fields = {"organization": Organization.objects.get()}
    return [
        Unit.objects.create(
            unit_id=one, path=f"Root / {one}", lineage=f"/r/{one}/", **fields
        )
        for one in ("ou-a", "ou-b")
    ]


def listed(caller, **asked: str) -> list[str]:
    return [
        one["id"] for one in caller.read("/organization/units", **asked).json()["items"]
    ]


def test_a_unit_is_watched_with_a_template(operator, units):
    first = operator.put(WATCH, SHARED)
    again = operator.put(WATCH, {**SHARED, "environment": "test", "roles_tag": "team"})

    assert (first.status_code, again.status_code) == (201, 200), first.content
    shown = first.json()["watch"]
    assert {**shown, **SHARED} == shown
    assert (shown["created_by"], shown["roles_tag"]) == ("operator", "")
    row = Watch.objects.get()
    assert (row.unit, row.environment, row.roles_tag) == (units[0], "test", "team")
    assert Organization.objects.get().reads_tags
    assert Activity.objects.filter(what="watch").count() == 2


def test_units_are_listed_with_what_their_accounts_are_described_with(operator, units):
    operator.put(WATCH, SHARED)

    assert listed(operator, watched="yes") == ["ou-a"]
    assert "ou-b" in listed(operator, watched="no")
    assert {"ou-a", "ou-b"} <= {*listed(operator)}


def test_watching_ends_where_a_program_says_so(operator, units):
    operator.put(WATCH, SHARED)

    answer = operator.send("DELETE", WATCH)

    assert answer.status_code == 204, answer.content
    assert not Watch.objects.exists()
    assert operator.send("DELETE", WATCH).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "at", "sentence"),
    [
        (
            {"roles_tag": "team", "permissions": {}},
            "permissions.WRITE",
            "Without groups, everyone or no one has write access",
        ),
        ({"providers": ["ecs"]}, "external_id", "ECS can't be combined"),
        ({"regions": ["mars-east-1"]}, "regions", "mars-east-1"),
    ],
)
def test_the_template_is_checked_as_on_its_page(operator, units, wrong, at, sentence):
    answer = operator.put(WATCH, {**SHARED, **wrong})

    assert sentence in detail(answer, 422)
    assert answer.json()["errors"][0]["at"] == at
    assert not Watch.objects.exists()
