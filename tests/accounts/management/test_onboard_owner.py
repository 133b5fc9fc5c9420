"""`manage.py onboard` of an account whose owner creates the roles."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.models import ManagedAccount
from accounts.models.states import State
from script.emulated_organization import MANAGING, Credentials
from tests.accounts.management.onboarding import approved, onboard
from tests.accounts.runs.carried import DEV, root
from tests.accounts.runs.conftest import here as here
from tests.accounts.runs.conftest import unadopted as unadopted
from tests.accounts.runs.owners.owning import deploy

pytestmark = pytest.mark.django_db(transaction=True)

FILE = f"""\
managing: {{name: {MANAGING.name}, account_id: "{MANAGING.account_id}"}}
accounts:
- {{name: {DEV.name}, account_id: "{DEV.account_id}", regions: [us-east-1],
  made_by: owner, reader_role: false, providers: {{ec2: {{}}}}}}
"""


def test_it_ends_with_a_code_of_its_own_until_the_owner_is_done(
    here: Credentials, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "accounts.yaml"
    file.write_text(FILE)

    first = approved(file)

    assert first.code == 3, first
    assert f"manage.py handoff {DEV.name}" in first.out
    deploy(here, ManagedAccount.objects.get())
    assert ManagedAccount.objects.get().state == State.HANDED_OFF
    second = approved(file)
    assert second.code == 0, second
    assert ManagedAccount.objects.get().state == State.VERIFIED
    third = onboard(file)
    assert third.code == 0, third
    assert "broker" not in caplog.text  # it carries out by itself what it starts


OWNED = f"""\
managing: {{name: {MANAGING.name}, account_id: "{MANAGING.account_id}", made_by: owner}}
accounts:
- {{name: {DEV.name}, account_id: "{DEV.account_id}", regions: [us-east-1],
  access_role: OrganizationAccountAccessRole, providers: {{ec2: {{}}}}}}
"""


def test_every_account_waits_for_the_managing_accounts_owner(
    here: Credentials, tmp_path: Path
) -> None:
    file = tmp_path / "accounts.yaml"
    file.write_text(OWNED)

    first = approved(file)

    assert first.code == 3, first
    assert "manage.py handoff --managing --output DIR" in first.out
    call_command("handoff", "--managing", output=tmp_path)
    (template,) = tmp_path.glob("*/bowline-managing-*.yml")
    root(here, MANAGING, "cloudformation").create_stack(
        StackName=template.stem,
        TemplateBody=template.read_text(),
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    second = approved(file)
    assert second.code == 0, second
    assert ManagedAccount.objects.get().state == State.VERIFIED
