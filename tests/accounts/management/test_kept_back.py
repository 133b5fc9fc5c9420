"""What the command line says of what Spinnaker loses, and when it approves that."""

from __future__ import annotations

import pytest

from accounts.management.deletions import kept_back
from tests.plans import FIVE, losing_run
from tests.rows import account_row, managing_row

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("left", "allowed", "kept"),
    [
        (FIVE[:1], None, True),
        (FIVE[:1], ["another"], True),
        (FIVE[:1], [], True),
        (FIVE[:1], ["core"], False),
        (FIVE[:4], None, True),
        (FIVE[:4], [], False),
    ],
)
def test_what_is_lost_is_allowed_as_deletions_are(left, allowed, kept) -> None:
    assert any(kept_back(losing_run(left), allowed)) == kept


def test_it_is_said_with_names_and_what_to_do() -> None:
    managing_row()
    account_row("web-prod", account_id=FIVE[1])
    run = losing_run()

    assert list(kept_back(run, None)) == [
        "After this plan, Spinnaker can no longer assume roles in 4 accounts: web-prod "
        "(222222222222), 333333333333, 444444444444, and 1 more.",
        "Review the plan, then allow it: --allow-delete core",
    ]
    assert list(kept_back(run, [])) == [
        "After this plan, Spinnaker can no longer assume roles in 4 accounts: web-prod "
        "(222222222222), 333333333333, 444444444444, and 1 more. That is more than a "
        "third of the 5 roles on its list.",
        "To allow it, name the account: --allow-delete core",
    ]
