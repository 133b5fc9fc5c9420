"""On the command line nothing is deleted unless a person says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError

from accounts.models import ManagedAccount, Run
from accounts.models.states import State, Status
from script.emulated_organization import MANAGING, MEMBERS
from tests.accounts.management.onboarding import approved, entry

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("here"),
]

DEV = MEMBERS[0]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.yaml"
    write(path, "{ec2: {}, ecs: {}, lambda: {}}")
    assert approved(path).code == 0
    return path


def write(path: Path, providers: str) -> None:
    path.write_text(
        f"managing: {{name: {MANAGING.name}, account_id: '{MANAGING.account_id}'}}\n"
        f"accounts:\n{entry(DEV, providers)}"
    )


def state() -> str:
    return ManagedAccount.objects.get(name=DEV.name).state


def test_approval_alone_deletes_nothing(file: Path) -> None:
    write(file, "{ec2: {}, ecs: {}}")

    ending = approved(file)

    assert ending.code == 2
    assert f"{DEV.name}: not approved. This plan deletes " in ending.err
    assert f"--allow-delete {DEV.name}" in ending.err
    assert Run.objects.filter(status=Status.PLANNED).count() == 1


def test_a_few_deletions_are_approved_where_deletions_are_allowed(file: Path) -> None:
    write(file, "{ec2: {}, ecs: {}}")

    ending = approved(file, "--allow-delete")

    assert ending.code == 0, ending.err
    assert state() == State.VERIFIED


def test_deleting_over_a_third_must_be_said_by_name(file: Path) -> None:
    write(file, "{ecs: {}}")

    ending = approved(file, "--allow-delete")

    assert ending.code == 2
    assert f"resources that Bowline created in account {DEV.account_id}" in ending.err
    assert "more than a third: " in ending.err
    assert approved(file, "--allow-delete", DEV.name).code == 0
    assert state() == State.VERIFIED


def test_names_allow_deletions_in_these_accounts_alone(file: Path) -> None:
    write(file, "{ec2: {}, ecs: {}}")

    assert approved(file, "--allow-delete", MANAGING.name).code == 2


def test_a_name_that_the_file_has_not_is_refused(file: Path) -> None:
    with pytest.raises(CommandError, match="not in this file: another"):
        approved(file, "--allow-delete", "another")
