"""An account is deleted while somebody saves a step of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.forms import BaseForm

from accounts.models import ManagedAccount
from tests.accounts.web.answers import messages_of
from tests.rows import account_row

IDENTITY = {"name": "staging", "account_id": "922222222222", "environment": "dev"}


@pytest.mark.parametrize(
    ("step", "typed"),
    [
        ("identity", IDENTITY),
        ("providers", {"providers": ["ec2"]}),
        ("access", {"access_role": "Other", "regions": "eu-west-1"}),
    ],
)
def test_whoever_saves_it_reads_that_it_was_deleted(
    step: str, typed: dict[str, Any], operator, managing, monkeypatch
) -> None:
    account, is_valid = account_row(), BaseForm.is_valid

    def deleted(form: BaseForm) -> bool:
        valid = is_valid(form)
        ManagedAccount.objects.all().delete()
        return valid

    monkeypatch.setattr(BaseForm, "is_valid", deleted)
    answer = operator.post(f"/accounts/{account.pk}/{step}/", typed)

    assert answer["Location"] == "/accounts/"
    assert messages_of(answer) == "staging was deleted from Bowline."
    assert not ManagedAccount.objects.exists()


def test_a_step_that_was_deleted_is_not_found(operator, managing, monkeypatch) -> None:
    account = account_row()
    url = f"/accounts/{account.pk}/identity/"

    def deleted() -> object:
        ManagedAccount.objects.all().delete()
        return managing

    monkeypatch.setattr("accounts.web.wizard.details.managing_row", deleted)

    assert operator.get(url).status_code == 404
