from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from accounts.models import ManagedAccount, ManagingAccount

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
    ("stands_on", "older"), [(0, False), (1, True), (6, True), (7, False), (8, False)]
)
def test_only_what_stands_can_have_older_policies(monkeypatch, stands_on, older):
    monkeypatch.setattr("accounts.models.accounts.POLICY_SET", 7)

    assert ManagedAccount(policy_set=stands_on).has_older_policies is older
