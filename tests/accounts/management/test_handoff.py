"""`manage.py handoff`: the files for owners, on disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import HandOff
from accounts.models.states import State
from onboarding.topology import MadeBy
from tests.rows import account_row, hand_off_row, managing_row

pytestmark = pytest.mark.django_db


def test_each_account_gets_a_folder(tmp_path: Path) -> None:
    managing_row(verification=State.VERIFIED)
    for number, name in enumerate(("staging", "prod"), start=1):
        account_row(name, account_id=f"{number:012}", made_by=MadeBy.OWNER.value)

    call_command("handoff", "staging", "prod", output=tmp_path)

    for name in ("staging", "prod"):
        script = tmp_path / name / "create.sh"
        assert os.access(script, os.X_OK)
        assert f"--stack-name bowline-{name}" in script.read_text()
        assert (tmp_path / name / "terraform" / "iam" / "main.tf.json").exists()


@pytest.mark.parametrize(
    ("made_by", "verification", "names", "said"),
    [
        (MadeBy.BOWLINE, State.VERIFIED, ["staging"], "Bowline creates the roles"),
        (MadeBy.OWNER, "", ["staging"], "verify the managing account"),
        (MadeBy.OWNER, State.VERIFIED, ["staging", "nobody"], "no account nobody"),
    ],
    ids=["bowline's own", "too early", "unknown"],
)
def test_where_one_cannot_be_handed_off_nothing_is_written(
    tmp_path: Path, made_by: MadeBy, verification: str, names: list[str], said: str
) -> None:
    managing_row(verification=verification)
    account_row(made_by=made_by.value)

    with pytest.raises(CommandError, match=said):
        call_command("handoff", *names, output=tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_the_organization_gets_a_folder_for_each_stack_set(tmp_path: Path) -> None:
    managing = managing_row(verification=State.VERIFIED)
    for number in (1, 2):
        account = account_row(
            f"team-{number}",
            account_id=f"{number:012}",
            made_by=MadeBy.ORGANIZATION.value,
            external_id_prefix=managing.external_id_prefix,
        )
        hand_off_row(account)

    call_command("handoff", organization=True, output=tmp_path)

    last = HandOff.objects.latest("pk")
    folder = tmp_path / last.stack_name
    listed = (folder / "accounts.txt").read_text().split()
    assert listed == [f"{1:012}", f"{2:012}"]
    assert (folder / f"{folder.name}.yml").read_text() == last.text.text
    assert "create-stack-set" in (tmp_path / "README.md").read_text()


@pytest.mark.parametrize(
    ("names", "organization", "said"),
    [
        ([], False, "or else --organization"),
        (["staging"], True, "or else --organization"),
        ([], True, "No account of the organization is handed off yet"),
    ],
    ids=["neither", "both", "too early"],
)
def test_either_accounts_are_named_or_the_organization(
    tmp_path: Path, names: list[str], organization: bool, said: str
) -> None:
    managing_row(verification=State.VERIFIED)

    with pytest.raises(CommandError, match=said):
        call_command("handoff", *names, organization=organization, output=tmp_path)

    assert list(tmp_path.iterdir()) == []
