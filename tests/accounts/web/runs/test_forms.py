from __future__ import annotations

import pytest

from accounts.models import Run
from accounts.web.runs.views import ApproveForm


def test_a_plan_without_deletions_needs_no_name() -> None:
    form = ApproveForm({}, run=Run(account_name="staging"), says="")

    assert form.is_valid()


@pytest.mark.parametrize("typed", ["", "Staging", "stagin"])
def test_a_plan_that_deletes_needs_the_accounts_name(typed: str) -> None:
    form = ApproveForm(
        {"confirmation": typed}, run=Run(account_name="staging"), says="It deletes."
    )

    (error,) = form.errors["confirmation"]
    assert error.startswith("Type the account's name, staging")


def test_the_accounts_name_approves_a_plan_that_deletes() -> None:
    form = ApproveForm(
        {"confirmation": "staging"}, run=Run(account_name="staging"), says="It deletes."
    )

    assert form.is_valid()
