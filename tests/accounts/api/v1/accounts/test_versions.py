"""What was handed out to an account's owner before, by the API."""

from __future__ import annotations

import pytest

from accounts.models.states import State
from accounts.people.role_limits.limits import limit
from accounts.people.roles import OPERATOR
from tests.accounts.api.calling import detail
from tests.rows import account_row, hand_off_row, managing_row

PATH = "/accounts/staging/hand-off/versions"


@pytest.fixture(autouse=True)
def versions(db) -> None:
    managing_row(verification=State.VERIFIED)
    account = account_row(made_by="owner")
    hand_off_row(account, by_name="olga")
    hand_off_row(account)


def test_it_lists_them_newest_first_and_has_each_template(operator):
    listed = operator.read(PATH).json()["items"]
    first = operator.read(f"{PATH}/1")

    assert [one["number"] for one in listed] == [2, 1]
    assert first.status_code == 200, first.content
    assert first.json()["by"] == "olga"
    assert "spinnakerManaged" in first.json()["template"]


@pytest.mark.parametrize("path", [PATH, f"{PATH}/1"])
def test_it_takes_the_role_in_that_environment(reader, operator, path):
    limit(operator.person, OPERATOR, ["production"], None)

    assert "You need the operator role" in detail(reader.read(path), 403)
    assert "staging is in" in detail(operator.read(path), 403)
