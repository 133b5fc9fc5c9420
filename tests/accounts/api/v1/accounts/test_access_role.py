"""How to make an access role, by the API: a worker asks STS first who Bowline is."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import Question
from tests.accounts.api.calling import detail
from tests.rows import account_row

PATH = "/accounts/staging/access-role"
BOWLINE = "arn:aws:iam::911111111111:user/bowline"


@pytest.fixture(autouse=True)
def account(managing) -> None:
    account_row(access_role="", regions=["eu-west-1"])


def answered(**fields: object) -> None:
    Question.objects.update(answered_at=timezone.now(), **fields)


def test_a_worker_asks_who_bowline_is_and_the_role_trusts_it(operator):
    waiting = operator.read(PATH)
    answered(answer={"principal": BOWLINE})
    shown = operator.read(waiting.json()["path"])

    assert (waiting.status_code, waiting.json()["in_progress"]) == (202, True)
    assert shown.status_code == 200, shown.content
    role = shown.json()
    assert (role["bowline"], role["in_progress"]) == (BOWLINE, False)
    assert BOWLINE in role["template"]
    assert BOWLINE in role["terraform"]
    assert any("--regions eu-west-1" in one["text"] for one in role["commands"])
    assert role["own_policy"]["Statement"]
    assert Question.objects.get().times_asked == 1


def test_where_aws_refuses_it_says_why(operator):
    operator.read(PATH)
    answered(message="STS refused.", hint="Look at the keys.")

    assert detail(operator.read(PATH)) == "STS refused. Look at the keys."


def test_who_only_reads_is_refused(reader):
    assert "You need the operator role" in detail(reader.read(PATH), 403)
    assert not Question.objects.exists()
