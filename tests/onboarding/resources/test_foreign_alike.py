"""The same policy of others in several accounts is recognized as one."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding.resources.foreign import Foreign
from onboarding.resources.kinds import Attachment
from onboarding.resources.policy import Policy

ONE, OTHER = "111111111111", "222222222222"
SAYS = Policy.allowing({"Action": "s3:*", "Resource": "*"})


def found_in(account: str, document: Policy | None = SAYS, **fields: Any) -> Foreign:
    given = {
        "holder": f"base-{account}",
        "policy_arn": f"arn:aws:iam::{account}:policy/agents-{account}",
    }
    return Foreign(Attachment(account=account, **given | fields), document)


def test_it_is_alike_where_only_the_accounts_own_number_differs() -> None:
    assert found_in(ONE).alike == found_in(OTHER).alike
    assert found_in(ONE).digest != found_in(OTHER).digest


@pytest.mark.parametrize(
    "other",
    [
        found_in(OTHER, Policy.allowing({"Action": "s3:*", "Resource": "arn:*"})),
        found_in(OTHER, policy_arn=f"arn:aws:iam::{ONE}:policy/agents-{ONE}"),
        found_in(OTHER, policy_arn=f"arn:aws-cn:iam::{OTHER}:policy/agents-{OTHER}"),
        found_in(OTHER, policy_arn=f"arn:aws:iam::{OTHER}:policy/a/agents-{OTHER}"),
        found_in(OTHER, holder="base"),
        found_in(OTHER, None),
    ],
)
def test_another_document_role_path_or_owner_is_another_policy(other: Foreign) -> None:
    assert found_in(ONE).alike != other.alike


def test_what_nobody_could_read_is_like_no_other() -> None:
    assert found_in(ONE, None).alike != found_in(OTHER, None).alike
