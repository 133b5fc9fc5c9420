from __future__ import annotations

import pytest

from accounts.runs.deciding.confirmation import (
    Unconfirmed,
    confirm_delivery,
    confirm_group,
    confirm_run,
)


def test_a_plan_that_deletes_takes_exactly_the_accounts_name() -> None:
    confirm_run("staging", "staging")

    for typed in ("", "Staging", "staging ", "production"):
        with pytest.raises(Unconfirmed, match="Type the account's name, staging"):
            confirm_run("staging", typed)


def test_a_group_that_deletes_takes_how_many_accounts_it_is_about() -> None:
    confirm_group(2, " Delete  in 2 accounts")

    with pytest.raises(Unconfirmed, match="Type “delete in 2 accounts”"):
        confirm_group(2, "delete in 3 accounts")


def test_a_delivery_that_removes_takes_how_many_accounts_spinnaker_loses() -> None:
    confirm_delivery(1, "remove 1 account")

    with pytest.raises(Unconfirmed, match="Type “remove 1 account”"):
        confirm_delivery(1, "")
