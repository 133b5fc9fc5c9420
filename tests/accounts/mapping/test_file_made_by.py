"""An accounts file in which the organization creates roles: as new, and as changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.mapping.accounts_file import register
from accounts.models import ManagedAccount
from onboarding.accounts_file import read_accounts_file
from tests.accounts.management.onboarding import onboard

pytestmark = pytest.mark.django_db

FILE = """\
managing: {{name: core, account_id: "911111111111"}}
accounts:
- {{name: one, account_id: "922222222222", regions: [us-east-1],
  made_by: {made_by}, providers: {{ec2: {{}}}}}}
- {{name: two, account_id: "933333333333", regions: [us-east-1],
  made_by: organization, providers: {{lambda: {{}}}}}}
"""


def saved(made_by: str) -> dict[str, ManagedAccount]:
    register(read_accounts_file(FILE.format(made_by=made_by).encode()), None)
    return {row.name: row for row in ManagedAccount.objects.all()}


def test_the_prefix_follows_the_choice() -> None:
    rows = saved("organization")

    prefix = rows["one"].external_id_prefix
    assert prefix.startswith("bowline-")
    assert {row.spinnakers_external_id for row in rows.values()} == {
        f"{prefix}-922222222222",
        f"{prefix}-933333333333",
    }
    again = saved("owner")
    assert again["one"].spinnakers_external_id == str(rows["one"].external_id)
    assert again["two"].external_id_prefix == prefix
    assert saved("organization")["one"].external_id_prefix == prefix


@pytest.mark.parametrize("name", ["out.yaml", "out.csv"])
def test_what_was_exported_differs_in_nothing(tmp_path: Path, name: str) -> None:
    saved("organization")
    file = tmp_path / name

    call_command("export", str(file))

    assert "organization" in file.read_text()
    checked = onboard(file, "--check")
    assert "The file matches the current settings." in checked.out
