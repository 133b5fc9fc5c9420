"""The review: what the policies of other accounts' keys must hold before a plan."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest

from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of
from accounts.models import ManagedAccount, ManagingAccount
from onboarding.aws.errors import AwsError
from onboarding.desired.image_keys import key_grants, key_policy_statements
from onboarding.resources.kinds import KeyGrant
from onboarding.verify import keys
from onboarding.verify.keys import refuse_key_policies
from tests.accounts.web.answers import url
from tests.factories import MANAGING_ID, image_key
from tests.rows import account_row, managing_row

READY: dict[str, Any] = {"access_role": "Enter", "regions": ["us-east-1", "eu-west-1"]}
KEYS = [image_key(), image_key("eu-west-1")]
HEADING = "Before you plan: key policies for image encryption"


def reviewed(operator: Any, account: ManagedAccount) -> str:
    """Read the review as a person does: without tags, in one line."""
    html = operator.get(url(account, "review")).content.decode()
    return " ".join(unescape(re.sub("<[^>]*>", "", html)).split())


def grants_of(account: ManagedAccount) -> list[KeyGrant]:
    managing = managing_of(ManagingAccount.objects.get())
    return list(key_grants(managing, managed_of(account)))


def test_it_shows_the_statements_to_add_and_who_must_add_them(operator) -> None:
    managing_row(bakes=True, image_keys=KEYS)
    account = account_row(**READY)

    text = reviewed(operator, account)

    assert HEADING in text
    for key in KEYS:
        assert (
            f"As account {MANAGING_ID}, add these statements to the policy of the key "
            f"{key}" in text
        )
    (statements,) = [key_policy_statements(grant) for grant in grants_of(account)[:1]]
    assert " ".join(json.dumps(statements, indent=2).split()) in text


def test_it_says_the_same_as_the_plan_that_is_refused(
    operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    managing_row(bakes=True, image_keys=KEYS[:1])
    account = account_row(**READY)
    monkeypatch.setattr(keys, "policy_of", lambda *_: {"Statement": []})
    with pytest.raises(AwsError) as refused:
        refuse_key_policies(
            keys.Sessions("test"),
            managing_of(ManagingAccount.objects.get()),
            grants_of(account),
        )

    text = reviewed(operator, account)

    _, whom = refused.value.message.split(" to account ", 1)
    to_do, _ = refused.value.hint.split(": ", 1)
    assert f"to account {whom}" in text
    assert to_do in text


def test_the_account_of_the_keys_needs_no_statement(operator) -> None:
    managing_row(bakes=True, image_keys=KEYS)
    account = account_row(**READY | {"account_id": MANAGING_ID})

    assert HEADING not in reviewed(operator, account)


def test_where_nothing_is_launched_no_key_is_named(operator) -> None:
    managing_row(bakes=True, image_keys=KEYS)
    account = account_row(**READY, providers={"lambda": {}})

    assert HEADING not in reviewed(operator, account)
