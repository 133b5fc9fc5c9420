"""`manage.py onboard` of an account whose owner creates the roles."""

from __future__ import annotations

from pathlib import Path

import pytest

from accounts.models import ManagedAccount
from accounts.models.states import State
from script.emulated_organization import MANAGING, Credentials
from tests.accounts.management.onboarding import onboard
from tests.accounts.runs.carried import DEV
from tests.accounts.runs.conftest import here as here
from tests.accounts.runs.owners.owning import deploy

pytestmark = pytest.mark.django_db(transaction=True)

FILE = f"""\
managing: {{name: {MANAGING.name}, account_id: "{MANAGING.account_id}"}}
accounts:
- {{name: {DEV.name}, account_id: "{DEV.account_id}", regions: [us-east-1],
  made_by: owner, reader_role: false, providers: {{ec2: {{}}}}}}
"""


def test_it_ends_with_a_code_of_its_own_until_the_owner_is_done(
    here: Credentials, tmp_path: Path
) -> None:
    file = tmp_path / "accounts.yaml"
    file.write_text(FILE)

    first = onboard(file, "--approve")

    assert first.code == 3, first
    assert f"manage.py handoff {DEV.name}" in first.out
    deploy(here, ManagedAccount.objects.get())
    assert ManagedAccount.objects.get().state == State.HANDED_OFF
    second = onboard(file, "--approve")
    assert second.code == 0, second
    assert ManagedAccount.objects.get().state == State.VERIFIED
    third = onboard(file)
    assert third.code == 0, third
