"""The organization by the API: read, listed, and its accounts added as drafts."""

from __future__ import annotations

import pytest

from accounts.discover.questions import carry_on as add
from accounts.models import ManagedAccount, Organization, Question
from tests.accounts.api.calling import detail
from tests.accounts.discover.organization.organizations import CORE, member_row
from tests.rows import managing_row

SHARED = {
    "regions": ["us-east-1"],
    "environment": "staging",
    "access_role": "OrganizationAccountAccessRole",
    "providers": ["ec2", "lambda"],
    "external_id": True,
    "permissions": {"READ": ["developers"], "WRITE": ["operators"]},
}
ONE, TWO = "000000000001", "000000000002"


@pytest.fixture(autouse=True)
def managing(db):
    return managing_row(name=CORE.name, account_id=CORE.account_id)


@pytest.fixture
def members(managing) -> list[str]:
    return [member_row(ONE, "web").account_id, member_row(TWO, "data").account_id]


def test_it_is_read_by_a_worker_once_at_a_time(operator):
    unread = operator.read("/organization")

    first = operator.post("/organization/read", {"tags": True}, key="one")
    repeated = operator.post("/organization/read", {"tags": True}, key="one")
    another = operator.post("/organization/read", {}, key="two")

    assert "wasn't read yet" in detail(unread, 404)
    assert (first.status_code, first.json()["is_reading"]) == (202, True)
    assert repeated.json() == first.json()
    assert detail(another) == "The organization is being read already."
    assert Organization.objects.get().reads_tags
    assert operator.read("/organization").json() == first.json()


def test_it_lists_no_accounts_before_they_were_read(operator):
    assert "wasn't read yet" in detail(operator.read("/organization/members"))


def test_accounts_become_drafts_with_what_they_have_in_common(operator, members):
    answer = operator.post("/organization/members", {"accounts": members, **SHARED})
    assert answer.status_code == 202, answer.content
    assert answer.json()["accounts"] == 2

    add(Question.objects.get())

    shown = operator.read(f"/organization/additions/{answer.json()['id']}").json()
    assert (shown["refused"], shown["rollout"]) == ([], None)
    listed = operator.read("/accounts", added=shown["added"]).json()
    assert [one["name"] for one in listed["items"]] == ["data", "web"]
    row = ManagedAccount.objects.get(name="web")
    assert (row.account_id, row.regions, row.write_roles, row.uses_external_id) == (
        ONE,
        ["us-east-1"],
        ["operators"],
        True,
    )
    assert sorted(one.key for one in row.providers.all()) == ["ec2", "lambda"]
    assert row.created_by_name == "operator"


@pytest.mark.parametrize(
    ("wrong", "at"),
    [
        ({"regions": []}, "regions"),
        ({"regions": ["mars-east-1"]}, "regions"),
        ({"providers": []}, "providers"),
        ({"providers": ["eks"]}, "providers"),
        ({"providers": ["ecs"]}, "external_id"),
        ({"access_role": ""}, "access_role"),
        ({"permissions": {"WRITE": ["a\u202eb"]}}, "permissions.WRITE"),
    ],
)
def test_what_the_form_refuses_is_refused_with_its_sentence(
    operator, members, wrong, at
):
    answer = operator.post(
        "/organization/members", {"accounts": members, **SHARED, **wrong}
    )

    assert answer.status_code == 422, answer.content
    assert answer.json()["errors"][0]["at"] == at
    assert answer.json()["detail"] == answer.json()["errors"][0]["message"]
    assert not Question.objects.exists()


def test_what_is_no_account_of_it_is_refused_by_name(operator, members):
    answer = operator.post(
        "/organization/members", {"accounts": ["999999999999"], **SHARED}
    )
    add(Question.objects.get())

    shown = operator.read(f"/organization/additions/{answer.json()['id']}").json()

    assert shown["refused"] == ["“999999999999” isn't an account of the organization."]
    assert not ManagedAccount.objects.exists()


def test_whoever_only_reads_sees_no_accounts_of_the_organization(reader, members):
    for path in ("/organization", "/organization/members"):
        assert reader.read(path).status_code == 403
