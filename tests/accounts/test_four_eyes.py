"""Who is no second person: whoever planned, edited or described the account."""

from __future__ import annotations

import pytest

from accounts.four_eyes import describers, refusal
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db


def test_who_described_an_account_counts_until_it_is_approved_once() -> None:
    managing_row()
    by = person("operator")

    new = account_row(created_by=by)
    known = account_row(
        "known", account_id="1" * 12, created_by=by, approved_entries=[{}]
    )

    assert describers(new) == {None, by.pk}
    assert describers(known) == {None}


@pytest.mark.parametrize("what", ["planned", "edited", "described"])
def test_another_person_must_approve_in_production(what: str) -> None:
    by, other = person("operator"), person("approver")
    account = account_row(
        environment="production",
        edited_by=by if what == "edited" else None,
        created_by=by if what == "described" else None,
    )
    planned_by = by.pk if what == "planned" else None

    assert "Another person must approve" in refusal(account, planned_by, by)
    assert refusal(account, planned_by, other) == ""
