"""Evaluated accounts are listed and accepted together, by the API."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import ManagedAccount
from accounts.models.states import State
from tests.accounts.api.calling import detail
from tests.rows import account_row

pytestmark = pytest.mark.django_db


def evaluated(number: int, environment: str = "staging") -> ManagedAccount:
    return account_row(
        f"team-{number}",
        account_id=f"{number:012}",
        environment=environment,
        state=State.EVALUATED,
        verification=State.EVALUATED,
    )


def test_they_are_listed_and_accepted(approver: Any, managing) -> None:
    evaluated(1)
    mine = evaluated(2, "production")
    mine.authors.add(*mine.authors.model.objects.filter(username="approver"))

    listed = approver.read("/evaluated-accounts").json()
    answer = approver.post(
        "/evaluated-accounts/accept", {"accounts": ["team-1", "team-2"]}
    )

    assert [(one["name"], bool(one["refused"])) for one in listed] == [
        ("team-1", False),
        ("team-2", True),
    ]
    assert listed[0]["account_id"] == "000000000001"
    done = answer.json()
    assert (done["accepted"], done["left"]) == (["team-1"], 1)
    assert done["refused"] == [f"team-2: {listed[1]['refused']}"]
    assert ManagedAccount.objects.to_accept().get() == mine


def test_an_unknown_name_accepts_nothing(approver: Any, managing) -> None:
    evaluated(1)

    answer = approver.post(
        "/evaluated-accounts/accept", {"accounts": ["team-1", "team-9"]}
    )

    assert detail(answer, 422) == "There is no account team-9."
    assert ManagedAccount.objects.to_accept().exists()
