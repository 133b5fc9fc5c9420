"""An account's own session name, from its description to its verification."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from accounts.forms.account import AccessForm
from accounts.mapping.accounts_file import register
from accounts.mapping.entries import as_spinnaker_assumes
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of
from accounts.models import ManagedAccount, ManagingAccount
from accounts.models.states import State
from accounts.runs import verifying
from onboarding.accounts_file import FileProblems, read_accounts_file
from tests.rows import account_row, approve_entries, managing_row, person

pytestmark = pytest.mark.django_db

OWN = "corp"


def file(session_name: str) -> Any:
    text = f"""\
accounts:
- name: staging
  account_id: "922222222222"
  regions: [us-east-1]
  {session_name}
  providers: {{ec2: {{}}}}
"""
    return read_accounts_file(text.encode())


@pytest.mark.parametrize("name", ["a", "'a b'", "a/b", "x" * 65, "'{{name}}'"])
def test_what_aws_does_not_take_is_refused_by_every_door(name: str) -> None:
    with pytest.raises(FileProblems, match="Use 2 to 64 letters"):
        file(f"session_name: {name}")
    form = AccessForm(
        {"regions": "us-east-1", "session_name": name}, instance=account_row()
    )
    with pytest.raises(ValidationError) as caught:
        ManagedAccount(session_name=name).full_clean()

    assert "session_name" in form.errors
    assert "session_name" in caught.value.message_dict


def test_an_empty_field_means_the_usual_one() -> None:
    account = account_row(session_name=OWN, granted_at=timezone.now())

    form = AccessForm({"regions": "us-east-1", "session_name": ""}, instance=account)

    assert form.is_valid(), form.errors
    assert form.save().session_name == "Spinnaker"


def verified(**fields: Any) -> ManagedAccount:
    plain = {"state": State.VERIFIED, "verification": State.VERIFIED}
    account = account_row(**{**plain, **fields})
    approve_entries(account)
    return account


def test_an_edit_of_it_outdates_the_account_and_leaves_its_verification() -> None:
    managing_row()
    verified(uses_external_id=False)

    (account,) = register(
        file(f"session_name: {OWN}\n  external_id: false"), person("operator")
    )

    account.refresh_from_db()
    assert account.version > account.approved_version
    assert account.verification == State.VERIFIED


def test_until_an_edit_is_approved_the_approved_one_is_verified(managing) -> None:
    account = verified()
    account.session_name = OWN

    assert as_spinnaker_assumes(account, managed_of(account)).session_name == (
        "Spinnaker"
    )
    approve_entries(account)
    assert as_spinnaker_assumes(account, managed_of(account)).session_name == OWN
    new = account_row("new", account_id="3" * 12, session_name="other")
    assert as_spinnaker_assumes(new, managed_of(new)).session_name == "other"


def test_a_verification_assumes_the_role_as_spinnaker_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    managing_row()
    account = verified()
    account.session_name = OWN
    asked: list[Any] = []
    monkeypatch.setattr(
        verifying, "verify", lambda _, __, managed, *___, **____: asked.append(managed)
    )
    scope: Any = SimpleNamespace(
        account=account,
        managing=managing_of(ManagingAccount.objects.get()),
        managed=managed_of(account),
        shared=(),
    )
    run: Any = SimpleNamespace(kind="verify", say=None)

    verifying.checks(run, scope, SimpleNamespace())  # type: ignore[arg-type]

    assert [one.session_name for one in asked] == ["Spinnaker"]


def test_its_page_shows_it(client: Client, managing) -> None:
    account = account_row(session_name="corp@spin")
    client.force_login(person("viewer"))

    page = client.get(account.get_absolute_url(), {"tab": "settings"})

    assert "corp@spin" in page.content.decode()
