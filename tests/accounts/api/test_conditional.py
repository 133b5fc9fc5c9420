"""What a program has already is not sent again, and a HEAD sends no body."""

from __future__ import annotations

import pytest

from accounts.models import ManagedAccount
from tests.accounts.api.calling import V1
from tests.rows import account_row


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
