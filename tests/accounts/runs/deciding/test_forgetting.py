from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import Activity, ManagedAccount
from accounts.models.states import Status
from accounts.runs.deciding.forgetting import CannotForget, forget
from tests.rows import account_row, person, run_row

pytestmark = pytest.mark.django_db


def test_a_description_is_deleted_and_that_is_recorded() -> None:
    forget(account_row(), person("operator"))

    assert not ManagedAccount.objects.exists()
    assert Activity.objects.get(what="forget").about == "staging"


def test_what_exists_in_aws_is_kept() -> None:
    with pytest.raises(CannotForget, match="while it exists in AWS"):
        forget(account_row(granted_at=timezone.now()), person("operator"))


def test_what_is_worked_on_is_kept() -> None:
    account = account_row()
    run_row(Status.PLANNED, account=account)

    with pytest.raises(CannotForget, match="discard its plan"):
        forget(account, person("operator"))

    assert ManagedAccount.objects.exists()
