"""A test of an account's access role by the API."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import ManagedAccount, Question
from tests.accounts.api.calling import detail
from tests.rows import account_row

PATH = "/accounts/staging/access-test"
ROLE = "arn:aws:iam::922222222222:role/access"


@pytest.fixture
def account(managing) -> ManagedAccount:
    return account_row(access_role="access")


def answered(**answer: object) -> None:
    said = {"caller": None, "role_arn": ROLE, "works": True, "sentence": "", "hint": ""}
    Question.objects.update(answer={**said, **answer}, answered_at=timezone.now())


def test_a_worker_tries_the_role_and_says_how_it_went(operator, account):
    before = operator.read(PATH)

    asked = operator.post(PATH, {})
    waiting = operator.read(PATH).json()
    answered(sentence="Bowline may assume it.")
    shown = operator.read(PATH).json()

    assert "No one tested this role" in detail(before, 404)
    assert asked.status_code == 202, asked.content
    assert asked.json() == waiting
    assert (waiting["is_tested"], waiting["works"]) == (True, None)
    assert (shown["is_tested"], shown["works"], shown["role_arn"]) == (
        False,
        True,
        ROLE,
    )
    assert shown["sentence"] == "Bowline may assume it."


def test_a_refusal_says_what_to_allow(operator, account):
    operator.post(PATH, {})
    caller = {
        "account_id": "911111111111",
        "arn": "arn:aws:iam::911111111111:user/bowline",
        "principal": "arn:aws:iam::911111111111:user/bowline",
    }

    answered(works=False, caller=caller)

    shown = operator.read(PATH).json()
    assert shown["bowline"] == caller["principal"]
    assert [one["says"] for one in shown["statements"]] == [
        "Add this statement to the role's trust policy:",
        "Add this statement to a policy of Bowline's identity:",
    ]


def test_another_role_is_tried_before_it_is_described(operator, account):
    answer = operator.post(PATH, {"access_role": "other"})

    assert answer.status_code == 202, answer.content
    assert Question.objects.get().input["access_role"] == "other"
    assert operator.read(PATH).status_code == 404
    assert operator.read(PATH, access_role="other").status_code == 200
