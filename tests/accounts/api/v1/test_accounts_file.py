"""An accounts file by the API: saved as a whole, previewed, and read again."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Activity, KeptAnswer, ManagedAccount, ManagingAccount
from accounts.role_limits.limits import limit
from accounts.web.access import OPERATOR
from tests.accounts.api.calling import Caller, detail
from tests.accounts.spinnaker.connecting import spinnaker_row
from tests.rows import managing_row

pytestmark = pytest.mark.django_db

PATH = "/api/v1/accounts-file"
FILE = """\
managing:
  name: core
  account_id: "911111111111"
accounts:
  - name: staging
    account_id: "922222222222"
    environment: staging
    regions: [us-east-1]
    providers: {ec2: {}}
  - name: production
    account_id: "933333333333"
    regions: [us-east-1]
    providers: {lambda: {}}
"""


def send(caller: Caller, text: str, path: str = PATH, kind: str = "yaml", **more: Any):
    kinds = {"yaml": "application/yaml", "csv": "text/csv; charset=utf-8"}
    return caller.generic("POST", path, text, kinds[kind], **more)


def test_a_file_is_saved_from_nothing(operator):
    answer = send(operator, FILE)

    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "new": ["staging", "production"],
        "changed": [],
        "same": 0,
        "left_alone": 0,
        "managing": True,
    }
    assert ManagingAccount.objects.get().name == "core"
    rows = ManagedAccount.objects.order_by("name")
    assert [(row.name, row.state) for row in rows] == [
        ("production", "draft"),
        ("staging", "draft"),
    ]
    described = Activity.objects.filter(what="describe")
    assert {*described.values_list("who", "detail__token")} == {("operator", "ci")}


def test_the_same_file_again_changes_nothing(operator):
    send(operator, FILE)
    before = Activity.objects.count()

    answer = send(operator, FILE)

    assert (answer.json()["same"], answer.json()["managing"]) == (2, False)
    assert Activity.objects.count() == before


def test_an_edit_says_what_it_changed_and_leaves_others_alone(operator):
    send(operator, FILE)
    one, _ = FILE.split("  - name: production")

    answer = send(operator, one.replace("[us-east-1]", "[us-east-1, eu-west-1]"))

    assert answer.json() == {
        "new": [],
        "changed": ["staging"],
        "same": 0,
        "left_alone": 1,
        "managing": False,
    }
    assert ManagedAccount.objects.count() == 2


def test_a_preview_says_the_same_and_saves_nothing(operator):
    preview = send(operator, FILE, f"{PATH}/preview")
    saved = send(operator, FILE)

    assert preview.status_code == 200, preview.content
    assert preview.json() == saved.json()
    assert Activity.objects.filter(what="describe").count() == 3


def test_a_preview_keeps_neither_accounts_nor_entries(operator):
    headers = {"Idempotency-Key": "one"}

    answers = [send(operator, FILE, f"{PATH}/preview", headers=headers) for _ in "ab"]

    assert answers[0].json() == answers[1].json()
    assert KeptAnswer.objects.count() == 1
    assert not ManagedAccount.objects.exists()
    assert not ManagingAccount.objects.exists()
    assert not Activity.objects.filter(what="describe").exists()


@pytest.mark.parametrize("path", [PATH, f"{PATH}/preview"])
def test_each_mistake_is_said_and_nothing_is_saved(operator, path):
    wrong = FILE.replace("us-east-1", "mars-east-1")

    answer = send(operator, wrong, path)

    assert "mars-east-1" in detail(answer, 422)
    assert [one["at"] for one in answer.json()["errors"]] == ["line 8", "line 12"]
    assert not ManagingAccount.objects.exists()


def test_a_spreadsheet_is_taken_as_csv(operator):
    managing_row()
    text = "name,account_id,regions,ec2\nweb,922222222222,us-east-1,yes\n"

    read = operator.get(f"{PATH}?format=csv")
    answer = send(operator, text, kind="csv")

    assert read["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.status_code == 200, answer.content
    assert answer.json()["new"] == ["web"]


def test_what_is_read_can_be_sent_again(operator):
    send(operator, FILE)

    read = operator.get(PATH)
    answer = send(operator, read.content.decode())

    assert read["Content-Type"] == "application/yaml; charset=utf-8"
    assert (answer.json()["same"], answer.json()["managing"]) == (2, False)


def test_no_program_changes_the_connection_with_spinnaker(operator):
    row = spinnaker_row("https://gate.example.com")
    other = (
        "spinnaker: {url: https://evil.example.com, release: '2026.2', sign_in: none}\n"
    )

    answer = send(operator, f"{other}{FILE}")

    assert "An administrator changes that in Settings" in detail(answer, 422)
    row.refresh_from_db()
    assert row.url == "https://gate.example.com"
    assert not ManagedAccount.objects.exists()


def test_a_limited_role_saves_no_account_of_another_environment(operator):
    managing_row()
    limit(operator.person, OPERATOR, ["staging"], None)
    accounts = FILE[FILE.index("accounts:") :]

    answer = send(operator, accounts)

    assert "production is in no environment." in detail(answer, 403)
    assert not ManagedAccount.objects.exists()
