"""The same policy of others in many accounts, by the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import ForeignPolicy
from accounts.models.checks import today
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER
from tests.accounts.api.calling import Caller, token_of
from tests.accounts.runs.foreign.rows import foreign_row
from tests.rows import account_row, decider

pytestmark = pytest.mark.django_db

PATH = f"/foreign-policies/alike/{'a' * 64}"
UNTIL = f"{today() + timedelta(days=30)}"


@pytest.fixture
def numbers(managing) -> list[int]:
    environments = ("dev", "production", "staging")
    return [
        foreign_row(account_row(one, account_id=f"{n:012}", environment=one)).pk
        for n, one in enumerate(environments)
    ]


def of(name: str, *environments: str) -> Caller:
    user = decider(name)
    if environments:
        limit(user, APPROVER, list(environments), None)
    return Caller(token_of(user))


def test_it_is_read_asked_accepted_and_ended(numbers: list[int]) -> None:
    olga, paul = of("olga"), of("paul", "dev", "production")

    (listed,) = olga.read("/foreign-policies/alike").json()
    to_ask = olga.read(PATH).json()["to_ask"]["policies"]
    said: dict[str, Any] = {"reason": "Agents.", "until": UNTIL}
    asked = olga.post(f"{PATH}/ask", {"policies": to_ask, **said}).json()
    (group,) = paul.read(PATH).json()["to_accept"]
    (own,) = olga.read(PATH).json()["to_accept"]
    read = {"policies": numbers, "read": group["read"]}
    accepted = paul.post(f"{PATH}/accept", read).json()

    assert (listed["accounts"], listed["not_approved"]) == (3, 3)
    assert sorted(to_ask) == numbers
    assert asked == {"decided": 3, "left": []}
    assert (group["asked_by"], group["reason"]) == ("olga", "Agents.")
    assert sorted(group["policies"]) == numbers[:2]
    assert group["excluded"][0]["accounts"] == ["staging"]
    assert own["excluded"][0]["accounts"] == ["production"]
    assert accepted["decided"] == 2
    assert accepted["left"][0].startswith("staging is in staging.")
    assert ForeignPolicy.objects.accepted().count() == 2

    ended = olga.post(f"{PATH}/end", {"policies": numbers}).json()
    assert ended["decided"] == 2
    assert not ForeignPolicy.objects.accepted().exists()


def test_where_nothing_is_decided_it_says_why(numbers: list[int]) -> None:
    body = {"policies": numbers, "read": "of before"}

    answer = of("olga").post(f"{PATH}/accept", body)

    assert answer.status_code == 409
    assert answer.json()["detail"] == (
        "Nothing was decided. The findings or requests in 3 accounts have changed. "
        "Review them again."
    )
