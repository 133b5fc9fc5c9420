"""`manage.py handoff`: the files for owners, on disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models.states import State
from onboarding.topology import MadeBy
from tests.rows import account_row, managing_row

pytestmark = pytest.mark.django_db


def test_each_account_gets_a_folder(tmp_path: Path) -> None:
    managing_row(proof=State.VERIFIED)
    for number, name in enumerate(("staging", "prod"), start=1):
        account_row(name, account_id=f"{number:012}", made_by=MadeBy.OWNER.value)

    call_command("handoff", "staging", "prod", output=tmp_path)

    for name in ("staging", "prod"):
        script = tmp_path / name / "create.sh"
        assert os.access(script, os.X_OK)
        assert f"--stack-name bowline-{name}" in script.read_text()
        assert (tmp_path / name / "terraform" / "iam" / "main.tf.json").exists()


@pytest.mark.parametrize(
    ("made_by", "proof", "names", "said"),
    [
        (MadeBy.BOWLINE, State.VERIFIED, ["staging"], "Bowline creates the roles"),
        (MadeBy.OWNER, "", ["staging"], "verify the managing account"),
        (MadeBy.OWNER, State.VERIFIED, ["staging", "nobody"], "no account nobody"),
    ],
    ids=["bowline's own", "too early", "unknown"],
)
def test_where_one_cannot_be_handed_off_nothing_is_written(
    tmp_path: Path, made_by: MadeBy, proof: str, names: list[str], said: str
) -> None:
    managing_row(proof=proof)
    account_row(made_by=made_by.value)

    with pytest.raises(CommandError, match=said):
        call_command("handoff", *names, output=tmp_path)

    assert list(tmp_path.iterdir()) == []
