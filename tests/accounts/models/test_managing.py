from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import ManagingAccount
from tests.rows import account_row, managing_row

pytestmark = pytest.mark.django_db


def managing_account(**fields):
    return ManagingAccount(name="core", account_id="911111111111", **fields)


def test_roles_of_different_names_pass():
    assert managing_account().full_clean() is None


@pytest.mark.parametrize(
    "fields",
    [
        {"base_role": "spinnakerManaged"},
        {"identity_name": "BaseIAMRole"},
        {
            "identity_kind": "existing",
            "identity_arn": "arn:aws:iam::911111111111:role/spinnakerManaged",
        },
    ],
)
def test_roles_that_share_a_name_are_refused(fields):
    with pytest.raises(ValidationError, match="Give each role a name of its own"):
        managing_account(**fields).full_clean()


@pytest.mark.parametrize(
    "change", [{"account_id": "933333333333"}, {"partition": "aws-us-gov"}]
)
def test_it_stays_the_same_account_while_others_are_managed_from_it(change):
    row = managing_row()
    account = account_row()
    for name, value in change.items():
        setattr(row, name, value)

    assert row.full_clean() is None
    account.granted_at = timezone.now()
    account.save(update_fields=["granted_at"])
    with pytest.raises(ValidationError, match="Remove those accounts from AWS first"):
        row.full_clean()
