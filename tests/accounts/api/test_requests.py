"""A key that no operation knows is refused, wherever it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group

from accounts.api.api import api
from accounts.models import ManagedAccount, Rollout, Run
from accounts.models.states import State
from tests.accounts.api.calling import Caller, detail, token_of
from tests.accounts.api.v1.accounts.test_describing import STAGING
from tests.rows import account_row, managing_row, person

JSON = "application/json"


@pytest.fixture
def almighty(db: None) -> Caller:
    user = person("administrator", username="almighty")
    user.groups.add(*Group.objects.all())
    return Caller(token_of(user))


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in api.get_openapi_schema()["paths"].items():
        for method, operation in methods.items():
            for one in operation["parameters"]:
                if one["in"] == "path":
                    value = "1" if one["schema"].get("type") == "integer" else "a"
                    if one["schema"].get("format") == "uuid":
                        value = "0" * 8 + "-0000" * 3 + "-" + "0" * 12
                    path = path.replace(f"{{{one['name']}}}", value)
            yield method.upper(), path.removeprefix("/api/v1"), operation


def test_no_operation_takes_a_parameter_that_it_does_not_have(almighty, settings):
    settings.API_RATE = 10**6
    taken = []

    for method, path, _ in operations():
        answer = almighty.send(method, f"{path}?environmnt=production")
        if answer.status_code != 422 or answer.json()["code"] != "unknown_key":
            taken.append((method, path, answer.content))

    assert taken == []


def test_no_operation_takes_a_body_with_a_key_that_it_does_not_have(almighty, settings):
    settings.API_RATE = 10**6
    taken = []

    for method, path, operation in operations():
        content = operation.get("requestBody", {}).get("content", {JSON: {}})
        if JSON not in content:
            continue  # a file, whose reader refuses what it does not know
        answer = almighty.send(method, path, {"no_such_key": 1})
        if answer.status_code != 422 or answer.json()["code"] != "unknown_key":
            taken.append((method, path, answer.content))

    assert taken == []


def test_the_sentence_names_the_parameter_and_those_there_are(reader):
    answer = reader.read("/runs", stat="failed")

    assert detail(answer, 422) == (
        "Unknown query parameter: stat. This operation has cursor, limit, total, "
        "text, rollout, kind, status, waits."
    )
    assert answer.json()["errors"][0]["at"] == "query.stat"


def test_a_parameter_that_is_repeated_is_refused(reader):
    answer = reader.read("/accounts", environment=["production", "staging"])

    assert "environment is repeated" in detail(answer, 422)


def test_more_parameters_than_anything_has_are_refused(reader):
    answer = reader.read("/accounts", environment=["production"] * 1_001)

    assert "more than 1,000 parameters" in detail(answer, 422)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"environmnt": "production"}, "unknown_key"),
        ({"environment": "production", "stat": "verified"}, "unknown_key"),
        ({"state": "verifed"}, "invalid"),
        ({"state": ""}, "invalid"),
        ({"environment": " "}, "none_chosen"),
        ({}, "none_chosen"),
    ],
    ids=str,
)
def test_a_filter_that_says_too_little_starts_nothing(operator, wrong, code, managing):
    account_row(state=State.VERIFIED)

    answer = operator.post("/rollouts", {"kind": "verify", "filter": wrong})

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not Rollout.objects.exists()


def test_a_misspelled_key_is_named_by_its_place(operator):
    answer = operator.post(
        "/rollouts", {"kind": "onboard", "filter": {"environmnt": "production"}}
    )

    assert answer.json()["errors"] == [
        {"at": "body.filter.environmnt", "message": "Unknown key."}
    ]
    assert "body.filter.environmnt: Unknown key." in detail(answer, 422)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/accounts", {"state": "verifed"}),
        ("/accounts", {"verification": "old"}),
        ("/runs", {"status": "done"}),
        ("/runs", {"kind": "all"}),
        ("/bundles", {"status": "built"}),
        ("/activity", {"what": "approved"}),
    ],
    ids=str,
)
def test_a_list_refuses_a_word_that_it_does_not_know(reader, path, asked):
    answer = reader.read(path, **asked)

    assert detail(answer, 422)
    assert answer.json()["errors"][0]["at"] == f"query.{next(iter(asked))}"


@pytest.mark.parametrize("confirmed", [None, 1, 3])
def test_a_rollout_that_removes_wants_its_count_back(operator, confirmed):
    managing_row(state=State.VERIFIED)
    for number in (1, 2):
        account_row(f"a-{number}", account_id=f"{number}" * 12, state=State.VERIFIED)
    body = {"kind": "remove", "filter": {"text": "a-"}}
    if confirmed:
        body["confirm_count"] = confirmed

    answer = operator.post("/rollouts", body)

    assert "remove 2 accounts" in detail(answer, 422)
    problem = answer.json()
    assert (problem["code"], problem["count"]) == ("unconfirmed", 2)
    assert not Run.objects.exists()

    again = operator.post("/rollouts", {**body, "confirm_count": problem["count"]})

    assert "count" not in again.json()
    assert again.json().get("code") != "unconfirmed"


def test_an_account_may_leave_its_name_to_the_path(operator, managing):
    answer = operator.put("/accounts/staging", {**STAGING, "name": ""})

    assert answer.status_code == 201, answer.content
    assert ManagedAccount.objects.get().name == "staging"
