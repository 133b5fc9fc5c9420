"""`manage.py onboard` with a database that didn't make what AWS has: a pipeline without
its database, a colleague's laptop.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from accounts.models import ManagedAccount, ManagingAccount, Rollout, Run
from script.emulated_organization import MANAGING, MEMBERS, Credentials
from tests.accounts.management.onboarding import approved, entry, onboard
from tests.attack.freezing import assumed

pytestmark = pytest.mark.django_db(transaction=True)

DEV, STAGING, TOOLS = MEMBERS[0], MEMBERS[1], MEMBERS[3]


@pytest.fixture
def elsewhere(here: Credentials, file: Path) -> Credentials:
    """Return an AWS in which a database that is gone onboarded two accounts."""
    assert approved(file).code == 0
    Run.objects.all().delete()
    for model in (Rollout, ManagedAccount, ManagingAccount):
        model.objects.all().delete()
    return here


@pytest.fixture
def another_file(tmp_path: Path) -> Path:
    """Return a file in which only one account is described, and it's another one."""
    path = tmp_path / "one.yaml"
    path.write_text(
        f"managing: {{name: {MANAGING.name}, account_id: '{MANAGING.account_id}'}}\n"
        f"accounts:\n{entry(TOOLS)}"
    )
    return path


BOTH = {DEV.account_id, STAGING.account_id}


def test_it_changes_nothing_and_says_how_to_go_on(
    elsewhere: Credentials, another_file: Path
) -> None:
    planned = onboard(another_file)
    ending = onboard(another_file, "--approve", "--allow-delete")

    assert (planned.code, ending.code) == (1, 1)
    assert "Another Bowline manages spinnakermanaging" in planned.err
    assert "2 roles that this database didn't put there" in planned.err
    assert "set DATABASE_URL" in planned.err
    assert "--adopt-list" in ending.err
    assert assumed(elsewhere) == BOTH


def test_with_adopt_list_all_roles_stay_and_are_approved_as_ever(
    elsewhere: Credentials, another_file: Path
) -> None:
    planned = onboard(another_file, "--adopt-list")
    assert planned.code == 2, planned.err
    assert "Adopted: 2 roles stay." in planned.err
    assert assumed(elsewhere) == BOTH

    ending = onboard(another_file, "--approve")

    assert ending.code == 0, ending.err
    assert assumed(elsewhere) == {*BOTH, TOOLS.account_id}
