"""On the command line nothing is deleted unless a person says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError

from accounts.models import ManagedAccount, ManagingAccount, Run
from accounts.models.states import State, Status
from accounts.runs.managing.kept_roles import take_role_off
from script.emulated_organization import MANAGING, MEMBERS, Credentials
from tests.accounts.management.onboarding import approved, entry
from tests.accounts.runs.carried import root
from tests.rows import kept_role, person

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


def listed(here: Credentials) -> int:
    """Count the roles that Spinnaker's identity may assume, as AWS has it."""
    iam = root(here, MANAGING, "iam")
    arn = f"arn:aws:iam::{MANAGING.account_id}:policy/bowline/managing/"
    policy = iam.get_policy(PolicyArn=f"{arn}BowlineAssumeManaged")["Policy"]
    version = iam.get_policy_version(
        PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"]
    )
    return str(version["PolicyVersion"]["Document"]).count(":role/spinnakerManaged")


@pytest.fixture
def five(file: Path) -> Path:
    """Spinnaker may assume five roles: four accounts have left Bowline."""
    ManagingAccount.objects.update(kept_roles=OTHERS)
    assert approved(file).code == 0
    return file


def take_off(*roles: dict[str, str]) -> None:
    olga = person("operator")
    for one in roles:
        take_role_off(olga, arn=one["arn"])


OTHERS = [kept_role(number) for number in range(1, 5)]


def test_what_spinnaker_loses_is_approved_by_name_like_a_large_deletion(
    five: Path, here: Credentials
) -> None:
    take_off(*OTHERS)

    plain, unnamed = approved(five), approved(five, "--allow-delete")
    before = listed(here)
    named = approved(five, "--allow-delete", MANAGING.name)

    loses = (
        f"{MANAGING.name}: not approved. After this plan, Spinnaker can no longer "
        "assume roles in 4 accounts: 000000000001, 000000000002, 000000000003, and "
        "1 more."
    )
    assert (plain.code, unnamed.code, named.code) == (2, 2, 0), named.err
    assert loses in plain.err
    assert f"--allow-delete {MANAGING.name}" in plain.err
    assert f"{loses} That is more than a third of the 5 roles on" in unnamed.err
    assert (before, listed(here)) == (5, 1)
