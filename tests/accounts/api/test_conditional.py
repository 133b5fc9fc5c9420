"""What a program has already is not sent again, and a HEAD sends no body."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from accounts.api.idempotency import STALE
from accounts.models import ManagedAccount
from tests.accounts.api.calling import V1, Caller, detail, json_of, token_of
from tests.accounts.test_decided_once import somebody_waits
from tests.rows import account_row, managing_row, person

JSON = "application/json"


def test_an_answer_that_did_not_change_is_a_304(reader):
    account_row("one")
    tag = reader.read("/accounts/one")["ETag"]

    same = reader.get(f"{V1}/accounts/one", headers={"If-None-Match": tag})
    ManagedAccount.objects.update(environment="production")
    other = reader.get(f"{V1}/accounts/one", headers={"If-None-Match": tag})

    assert (same.status_code, same.content, same["ETag"]) == (304, b"", tag)
    assert same["Cache-Control"] == "no-store"
    assert (other.status_code, other.json()["environment"]) == (200, "production")
    assert other["ETag"] != tag


def test_a_problem_or_a_change_has_no_tag(operator, managing):
    account_row()

    missing = operator.get(f"{V1}/accounts/x", headers={"If-None-Match": "*"})
    planned = operator.post("/accounts/staging/verify")

    assert "ETag" not in missing
    assert missing.status_code == 404
    assert "ETag" not in planned


@pytest.mark.parametrize(("name", "status"), [("one", 200), ("two", 404)])
def test_a_head_answers_as_a_get_without_the_body(reader, name, status):
    account_row("one")
    read = reader.read(f"/accounts/{name}")

    head = reader.head(f"{V1}/accounts/{name}")

    assert (head.status_code, head.content) == (status, b"")
    assert head["Content-Type"] == read["Content-Type"]
    assert head["Content-Length"] == str(len(read.content))
    assert head.get("ETag") == read.get("ETag")


def test_a_head_of_what_is_only_posted_is_refused(operator):
    answer = operator.head(f"{V1}/accounts/one/plan")

    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def described(caller, **settings):
    read = caller.read("/accounts/staging")
    return read["ETag"], {**read.json()["settings"], **settings}


def put(caller, body, tag, **extra):
    headers = {"If-Match": tag, **extra}
    path = f"{V1}/accounts/staging"
    return caller.generic("PUT", path, json_of(body), JSON, headers=headers)


def test_a_put_that_would_overwrite_what_a_colleague_changed_is_refused(operator):
    managing_row()
    account_row()
    tag, mine = described(operator, environment="mine")
    colleague = Caller(token_of(person("operator", username="cleo")))
    assert put(colleague, {**mine, "environment": "theirs"}, tag).status_code == 200

    answer = put(operator, mine, tag)

    assert detail(answer, 412) == STALE
    assert answer.json()["code"] == "stale"
    assert ManagedAccount.objects.get().environment == "theirs"


def test_a_put_answers_with_the_tag_of_what_there_is_then(operator):
    managing_row()
    account_row()
    tag, mine = described(operator, environment="one")

    first = put(operator, mine, tag)
    second = put(operator, {**mine, "environment": "two"}, first["ETag"])

    assert (first.status_code, second.status_code) == (200, 200)
    assert second["ETag"] == operator.read("/accounts/staging")["ETag"]


@pytest.mark.parametrize(
    ("exists", "tag", "status"),
    [
        (True, "*", 200),
        (False, "*", 412),
        (False, '"x"', 412),
        (True, "x", 412),
        (True, 'W/"x", "y"', 412),
    ],
)
def test_any_tag_means_that_there_is_one(operator, exists, tag, status):
    managing_row()
    body = {"account_id": "922222222222", "regions": ["us-east-1"], "providers": {}}
    if exists:
        account_row()
        _, body = described(operator)

    assert put(operator, body, tag).status_code == status
    assert ManagedAccount.objects.exists() == exists


def test_a_repeated_put_gets_its_answer_and_no_refusal(operator):
    managing_row()
    account_row()
    tag, mine = described(operator, environment="mine")

    answers = [put(operator, mine, tag, **{"Idempotency-Key": "k"}) for _ in range(2)]

    assert [one.status_code for one in answers] == [200, 200]
    assert answers[1]["Idempotency-Replayed"] == "true"


def test_a_managing_account_is_guarded_too(operator):
    managing_row()
    read = operator.read("/managing-account")
    path = f"{V1}/managing-account"
    body = json_of(read.json()["settings"])

    def sent(tag):
        headers = {"If-Match": tag}
        return operator.generic("PUT", path, body, JSON, headers=headers)

    same, stale = sent(read["ETag"]), sent('"other"')

    assert (same.status_code, stale.status_code) == (200, 412)
    assert same["ETag"] == operator.read("/managing-account")["ETag"]


@pytest.mark.parametrize(
    ("path", "field"),
    [("/accounts/staging", "environment"), ("/managing-account", "name")],
)
def test_of_two_puts_at_once_with_one_tag_the_second_is_refused(
    transactional_db, operator, path, field
):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time.")
    managing_row()
    account_row()
    read = operator.read(path)
    settings = read.json()["settings"]
    colleague = Caller(token_of(person("operator", username="cleo")))

    def put(caller, name):
        body, headers = json_of({**settings, field: name}), {"If-Match": read["ETag"]}
        try:
            return caller.generic("PUT", V1 + path, body, JSON, headers=headers)
        finally:
            if caller is colleague:
                connections.close_all()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            first = put(operator, "mine")
            second = other.submit(put, colleague, "theirs")
            while not (second.done() or somebody_waits()):
                time.sleep(0.002)
        refused = second.result(20)

    assert first.status_code == 200
    assert detail(refused, 412) == STALE
    assert operator.read(path)["ETag"] == first["ETag"] != read["ETag"]
