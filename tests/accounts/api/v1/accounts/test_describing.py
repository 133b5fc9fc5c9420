"""Accounts: read as on their pages, and described as in a file."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.html import escape

from accounts.models import Activity, CheckResult, ManagedAccount
from accounts.models.states import State, Status
from tests.rows import account_row, managing_row, run_row

STAGING = {
    "account_id": "922222222222",
    "environment": "staging",
    "regions": ["us-east-1"],
    "permissions": {"READ": ["developers"], "WRITE": ["operators"]},
    "providers": {"ec2": {}, "lambda": {"access": "read"}},
}


def test_accounts_of_one_file_are_found_by_the_moment_that_is_read(reader):
    row = account_row("staging")
    moment = timezone.now().replace(microsecond=123456)
    ManagedAccount.objects.filter(pk=row.pk).update(created_at=moment)

    said = reader.read("/accounts/staging").json()["created_at"]
    found = reader.read("/accounts", added=said).json()["items"]

    assert [one["name"] for one in found] == ["staging"]


def test_a_name_is_kept_as_pipelines_have_it(operator, managing):
    put = operator.put("/accounts/AWS.Prod_1", STAGING)
    other = {**STAGING, "account_id": "1" * 12}
    twin = operator.put("/accounts/aws.prod_1", other)

    assert put.status_code == 201
    assert [one.name for one in ManagedAccount.objects.all()] == ["AWS.Prod_1"]
    assert operator.read("/accounts/AWS.Prod_1").json()["name"] == "AWS.Prod_1"
    assert twin.status_code == 422
    assert "already belongs to AWS.Prod_1" in twin.json()["detail"]


def test_it_shows_what_the_page_shows(reader, managing):
    account = account_row(state=State.FAILED, verified_at=timezone.now(), policy_set=1)
    run = run_row(Status.FAILED, account=account)
    CheckResult.objects.create(
        run=run, position=0, provider="ec2", name="List", outcome="failed", fix="Do."
    )
    waiting = run_row(Status.PLANNED, account=account)

    shown = reader.read("/accounts/staging").json()

    assert shown["state"] == "failed"
    assert shown["sentences"] == ["The last run of this account failed."]
    assert shown["open_run"] == waiting.number
    assert shown["verification"]["run"] == run.number
    assert shown["verification"]["checks"][0]["fix"] == "Do."
    assert shown["settings"]["account_id"] == "922222222222"


@pytest.mark.parametrize(
    ("found", "state", "said"),
    [
        (
            {"unknown_writes": 4},
            "verified, writes unknown",
            "Spinnaker might be denied 4 writes",
        ),
        (
            {"undeployable": 1},
            "verified, some regions",
            "Spinnaker can't deploy in 1 Region because something that a",
        ),
    ],
)
def test_what_was_not_proved_is_said_in_the_sentence_of_the_page(
    reader, client, found, state, said
):
    managing_row()
    account = account_row(state=State.VERIFIED, verification=State.VERIFIED, **found)

    shown = reader.read("/accounts/staging").json()
    listed = reader.read("/accounts", state=shown["state"]).json()["items"]
    client.force_login(User.objects.get())
    page = client.get(account.get_absolute_url()).content.decode()

    assert shown["state"] == state
    assert [one["name"] for one in listed] == ["staging"]
    assert shown["sentences"][0].startswith(said)
    assert escape(said) in page
    assert reader.read("/accounts", state="verified").json()["items"] == []


def test_an_account_that_is_not_complete_has_no_description(reader):
    account_row(regions=[], providers={})

    assert reader.read("/accounts/staging").json()["settings"] is None


def test_it_describes_a_new_account_as_the_file_does(operator, managing):
    answer = operator.put("/accounts/staging", STAGING)

    assert answer.status_code == 201
    row = ManagedAccount.objects.get()
    assert (row.name, row.environment, row.state) == ("staging", "staging", "draft")
    assert (row.created_by_name, row.read_roles) == ("operator", ["developers"])
    assert sorted(one.key for one in row.providers.all()) == ["ec2", "lambda"]
    assert Activity.objects.get(what="describe").about == "staging"


def test_what_it_shows_can_be_sent_back_and_changes_nothing(operator, managing):
    described = operator.put("/accounts/staging", STAGING).json()["settings"]

    answer = operator.put("/accounts/staging", described)

    assert answer.status_code == 200
    assert answer.json()["settings"] == described
    assert not Activity.objects.filter(what="edit").exists()
    assert ManagedAccount.objects.get().version == 1


def test_an_edit_outdates_as_one_on_a_page(operator, managing):
    operator.put("/accounts/staging", STAGING)
    ManagedAccount.objects.update(state=State.VERIFIED)

    answer = operator.put("/accounts/staging", {**STAGING, "adopts": True})
    changed = operator.put("/accounts/staging", {**STAGING, "regions": ["eu-west-1"]})

    assert answer.status_code == changed.status_code == 200
    assert changed.json()["settings"]["regions"] == ["eu-west-1"]
    row = ManagedAccount.objects.get()
    assert row.state == "outdated"
    assert [one.get_username() for one in row.authors.all()] == ["operator"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"regions": ["nowhere-1"]}, "regions: "),
        ({"regions": []}, "Name at least one Region."),
        ({"providers": {}}, "Choose at least one of"),
        ({"providers": {"s3": {}}}, "has no key “s3”"),
        ({"providers": {"lambda": {"access": "all"}}}, "lambda: "),
        ({"account_id": "1"}, "account_id: "),
        ({"environment": "\0"}, "environment: "),
        ({"environment": "\x7f"}, ""),
        ({"providers": {"ec2": {"x": "\ud800"}}}, ""),
        ({"providers": {"ec2": {"x": [[[[[[[[]]]]]]]]}}}, "ec2: "),
        ({"name": "other"}, "The name in the body"),
        ({"reader_role": True}, "Only an account with"),
    ],
)
def test_it_refuses_with_the_sentences_of_the_file(operator, wrong, said, managing):
    answer = operator.put("/accounts/staging", {**STAGING, **wrong})

    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert not ManagedAccount.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"account_id": 922222222222}, "account_id"),
        ({"adopts": "yes"}, "adopts"),
        ({"colour": "red"}, "colour"),
        ({"regions": "us-east-1"}, "regions"),
        ({"permissions": {"EXECUTE": []}}, "EXECUTE"),
        ({"providers": {"ec2": None}}, "ec2"),
    ],
)
def test_it_says_where_the_body_does_not_fit(operator, wrong, place, managing):
    answer = operator.put("/accounts/staging", {**STAGING, **wrong})

    assert answer.status_code == 422
    assert place in answer.json()["errors"][0]["at"]


@pytest.mark.parametrize("body", ["", "{", "[" * 100_000, "\ud83d"])
def test_what_is_no_json_is_refused(operator, body):
    answer = operator.send(
        "PUT", "/accounts/staging", body.encode(errors="surrogatepass").decode("latin1")
    )

    assert answer.status_code in {400, 422}


def test_a_body_that_is_too_large_is_refused(operator):
    answer = operator.send("PUT", "/accounts/staging", "x" * 3_000_000)

    assert answer.status_code == 413


def test_a_row_that_cannot_be_read_is_no_bug(reader):
    account_row()
    ManagedAccount.objects.update(regions="x")

    answer = reader.read("/accounts/staging")

    assert answer.status_code == 409
    assert "can't read" in answer.json()["detail"]
