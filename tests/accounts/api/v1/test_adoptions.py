"""An existing Spinnaker by the API: reported on, and added as an accounts file."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from django.contrib.auth.models import User

from accounts.discover import looking
from accounts.discover.looking import enabled_regions
from accounts.discover.questions import MOST_OF_ONE, ask
from accounts.models import (
    Activity,
    Adoption,
    ManagedAccount,
    ManagingAccount,
)
from onboarding.adopting.looking import InAws, RoleInAws
from onboarding.topology import Reach
from tests.accounts.api.calling import Caller, caller, detail
from tests.accounts.api.v1.test_accounts_file import send
from tests.accounts.management.test_adopt import SCHEMA
from tests.accounts.mapping.adopted import decided_since
from tests.accounts.web.answers import work
from tests.onboarding.adopting.documents import aws, halconfig, loaded

IDENTITY = "arn:aws:iam::111111111111:role/SpinnakerAuthRole"
FILES = halconfig({"aws": {"accounts": [aws("dev"), aws("-Bad", "111111111111")]}})


def body(files: dict[str, bytes] = FILES, **more: Any) -> dict[str, Any]:
    sent = [{"name": name, "text": content.decode()} for name, content in files.items()]
    return {"files": sent, **more}


def made(operator: Caller) -> str:
    answer = operator.post("/adoptions", body())
    assert answer.status_code == 201, answer.content
    return str(answer.json()["path"])


def test_files_are_reported_on_and_the_same_again_leads_to_the_report(operator) -> None:
    first = operator.post("/adoptions", body())
    again = operator.post("/adoptions", body())

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    (row,) = Adoption.objects.all()
    assert first.json() == {
        "id": str(row.pk),
        "path": f"/adoptions/{row.pk}",
        "taken": 1,
        "left": 1,
        "waiting": 0,
        "accounts": 1,
    }


def test_the_report_is_the_one_that_the_schema_describes(operator) -> None:
    report = operator.read(made(operator)).json()

    jsonschema.validate(report, SCHEMA)
    assert [(one["name"], one["outcome"]) for one in report["accounts"]] == [
        ("-Bad", "left"),
        ("dev", "taken"),
    ]


def test_what_can_be_taken_is_saved_as_an_accounts_file(operator) -> None:
    path, asked = made(operator), {"identity": IDENTITY, "access_role": "Access"}

    file = operator.read(f"{path}/accounts-file", **asked)
    saved = send(operator, file.content.decode())

    assert file["Content-Type"] == "application/yaml; charset=utf-8"
    assert saved.json()["new"] == ["dev"]
    assert ManagingAccount.objects.get().account_id == "111111111111"
    assert ManagedAccount.objects.get().access_role == "Access"


@pytest.mark.parametrize(
    ("asked", "why"),
    [({"identity": "me"}, "“me” isn't valid"), ({"access_role": "a/b"}, "isn't valid")],
)
def test_an_accounts_file_takes_names_only(operator, asked, why) -> None:
    answer = operator.read(f"{made(operator)}/accounts-file", **asked)

    assert why in detail(answer, 422)


def test_where_nothing_is_taken_there_is_no_accounts_file(operator) -> None:
    left = halconfig({"aws": {"accounts": [aws("-Bad")]}})
    path = operator.post("/adoptions", body(left)).json()["path"]

    answer = operator.read(f"{path}/accounts-file")

    assert "No account can be taken" in detail(answer, 404)


def test_a_viewers_token_neither_reports_nor_reads(operator) -> None:
    path = made(operator)
    viewer = caller("viewer")

    answers = [
        viewer.post("/adoptions", body()),
        viewer.read(path),
        viewer.read(f"{path}/accounts-file"),
    ]

    assert {one.status_code for one in answers} == {403}


def test_aws_is_looked_at_with_a_role(operator, monkeypatch) -> None:
    identity = "arn:aws:iam::111111111111:role/SpinnakerAuthRole"
    role = RoleInAws("spinnakerManaged", exists=True, trusted=(identity,))
    found = InAws("123456789012", (role,))
    monkeypatch.setattr(looking, "look_at", lambda *_: found)

    path = operator.post("/adoptions", body(look_with="Access")).json()["path"]
    before = operator.read(path).json()
    work()
    after = operator.read(path).json()

    assert before["look"] | {"at": ""} == {
        **{"role": "Access", "at": ""},
        **{"accounts": 1, "looked": 0, "identity": ""},
    }
    assert (after["look"]["looked"], after["look"]["identity"]) == (1, identity)
    assert after["accounts"][1]["in_aws"]["roles"][0]["exists"]
    assert after["accounts"][0]["in_aws"] is None


def test_too_much_that_waits_is_said(operator) -> None:
    by = User.objects.get()
    for number in range(MOST_OF_ONE):
        ask(enabled_regions.at("aws", Reach(f"{number}")), by)

    answer = operator.post("/adoptions", body(look_with="Access"))

    assert answer.status_code == 429


def test_accounts_that_spinnaker_has_otherwise_are_confirmed_by_name(operator) -> None:
    described = {"aws": {"accounts": [aws("dev"), aws("old", "111111111111")]}}
    files = halconfig(described) | loaded({"aws": {"accounts": [aws("dev")]}})

    first = operator.post("/adoptions", body(files)).json()
    made = operator.post("/adoptions", body(files, confirm=["old"])).json()

    assert (first["taken"], first["left"], first["waiting"]) == (1, 1, 1)
    assert (made["taken"], made["left"], made["waiting"]) == (2, 0, 0)
    report = operator.read(made["path"]).json()
    jsonschema.validate(report, SCHEMA)
    assert report["confirmed"] == ["old"]
    old = next(one for one in report["accounts"] if one["name"] == "old")
    assert old["in_spinnaker"]["confirmed"]
    before = operator.read(first["path"]).json()
    old = next(one for one in before["accounts"] if one["name"] == "old")
    assert "hasn't loaded it" in " ".join(old["reasons"])
    assert [
        (one.who, one.detail.get("confirmed"))
        for one in Activity.objects.filter(what=Activity.What.ADOPT).order_by("number")
    ] == [("operator", None), ("operator", ["old"])]


def test_only_an_account_of_a_source_is_confirmed(operator) -> None:
    answer = operator.post("/adoptions", body(confirm=["old"]))

    assert "body.confirm" in json.dumps(answer.json())
    assert "No source has an account with this name" in detail(answer, 422)
    assert not Adoption.objects.exists()


def adopt_again(operator: Caller, files: dict[str, bytes], **asked: Any) -> Any:
    path = operator.post("/adoptions", body(files)).json()["path"]
    changes = operator.read(f"{path}/changes", **asked).json()
    asked["identity"] = IDENTITY
    file = operator.read(f"{path}/accounts-file", **asked).content.decode()
    return changes, send(operator, file).json()


def test_a_conflict_is_asked_about_and_answered(operator) -> None:
    file = operator.read(f"{made(operator)}/accounts-file", identity=IDENTITY)
    send(operator, file.content.decode())
    decided_since(environment="team")
    files = halconfig({"aws": {"accounts": [aws("dev", environment="live")]}})

    changes, saved = adopt_again(operator, files)
    answered, _ = adopt_again(operator, files, take=["dev:environment"])

    (asked,) = changes["changed"]
    assert asked["decided_by"] == "olga"
    assert (asked["before"], asked["in_bowline"], asked["now"]) == (
        None,
        "team",
        "live",
    )
    assert (asked["conflict"], asked["taken"], saved["changed"]) == (True, False, [])
    assert answered["changed"][0]["taken"]
    assert ManagedAccount.objects.get().environment == "live"
