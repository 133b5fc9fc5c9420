"""Whether the policy of a key lets another account make its grant."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from onboarding.aws.errors import AwsError
from onboarding.desired.image_keys import GRANTING, key_policy_statements
from onboarding.resources.kinds import KeyGrant
from onboarding.verify.keys.key_policy import may, refuse_key_policies
from tests.factories import MANAGED_ID, MANAGING_ID, image_key
from tests.onboarding.aws.field import Field, failing
from tests.onboarding.aws.wanted import key_grant

ROLE = f"arn:aws:iam::{MANAGED_ID}:role/Scaling"
GRANT = KeyGrant(
    account=MANAGED_ID,
    region="us-east-1",
    key_arn=image_key(),
    grantee=ROLE,
    operations=("Decrypt",),
)


def root(account: str) -> str:
    return f"arn:aws:iam::{account}:root"


def statement(principal: Any, **fields: Any) -> dict[str, Any]:
    plain = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    return {**plain, "Principal": principal, **fields}


OWNER = statement({"AWS": root(MANAGING_ID)})
THEIRS = statement({"AWS": root(MANAGED_ID)})


def allowed(*statements: dict[str, Any]) -> bool:
    return all(may({"Statement": list(statements)}, GRANT, one) for one in GRANTING)


@pytest.mark.parametrize(
    "statements",
    [
        key_policy_statements(GRANT),
        [THEIRS],
        [statement({"AWS": MANAGED_ID})],
        [statement({"AWS": [root("933333333333"), root(MANAGED_ID)]})],
        [statement({"AWS": f"arn:aws:iam::{MANAGED_ID}:role/Access"})],
        [statement("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})],
        [statement("*", Condition={"StringEquals": {"kms:CallerAccount": MANAGED_ID}})],
        [THEIRS, statement({"AWS": "*"}, Effect="Deny", Action="kms:PutKeyPolicy")],
    ],
)
def test_it_may(statements: list[dict[str, Any]]) -> None:
    assert allowed(OWNER, *statements)


ELSEWHERE = {"StringEquals": {"kms:GranteePrincipal": f"{ROLE}2"}}


@pytest.mark.parametrize(
    "statements",
    [
        [],
        key_policy_statements(replace(GRANT, account="933333333333")),
        key_policy_statements(GRANT)[:1],
        [statement({"AWS": root(MANAGED_ID)}, Action="kms:CreateGrant")],
        [statement({"AWS": root(MANAGED_ID)}, Condition=ELSEWHERE)],
        [statement({"Service": "autoscaling.amazonaws.com"})],
        [THEIRS, statement({"AWS": "*"}, Effect="Deny", Action="kms:CreateGrant")],
    ],
)
def test_it_may_not(statements: list[dict[str, Any]]) -> None:
    assert not allowed(OWNER, *statements)


@pytest.fixture
def grant(field: Field) -> KeyGrant:
    """A grant on a key of the managing account, with the policy that AWS gives it."""
    kms = field.root(field.managing_id, "kms")
    return key_grant(field, key_arn=kms.create_key()["KeyMetadata"]["Arn"])


def test_what_is_missing_is_said_with_the_statements(
    field: Field, grant: KeyGrant
) -> None:
    with pytest.raises(AwsError) as error:
        refuse_key_policies(field.sessions(), field.managing(), [grant])

    assert f"doesn't allow {', '.join(GRANTING)} to" in error.value.message
    assert error.value.account == field.managing_id
    assert json.dumps(key_policy_statements(grant)) in error.value.hint


def test_a_policy_with_these_statements_is_enough(
    field: Field, grant: KeyGrant
) -> None:
    kms = field.root(field.managing_id, "kms")
    owner = statement({"AWS": root(field.managing_id)})
    whole = [owner, *key_policy_statements(grant)]
    policy = json.dumps({"Version": "2012-10-17", "Statement": whole})
    kms.put_key_policy(KeyId=grant.key_arn, PolicyName="default", Policy=policy)
    sessions = field.sessions()

    refuse_key_policies(sessions, field.managing(), [grant])

    assert sessions.calls > 0


def test_a_key_of_the_account_itself_is_not_read(field: Field) -> None:
    sessions = field.sessions()

    refuse_key_policies(sessions, field.managing(), [key_grant(field)])

    assert sessions.calls == 0


@pytest.mark.parametrize("code", ["AccessDeniedException", "NotFoundException"])
def test_what_cannot_be_read_is_left_to_aws(
    field: Field, grant: KeyGrant, code: str
) -> None:
    sessions = field.sessions()
    client = sessions.client(field.own, "kms", "us-east-1")
    failing(client, "GetKeyPolicy", code, "no", times=1)

    refuse_key_policies(sessions, field.managing(), [grant])

    with pytest.raises(AwsError):  # it was asked, and is asked again
        refuse_key_policies(sessions, field.managing(), [grant])


def test_trouble_of_aws_is_no_answer(field: Field, grant: KeyGrant) -> None:
    sessions = field.sessions()
    client = sessions.client(field.own, "kms", "us-east-1")
    failing(client, "GetKeyPolicy", "KMSInvalidStateException", "no", times=1)

    with pytest.raises(AwsError, match="KMSInvalidState"):
        refuse_key_policies(sessions, field.managing(), [grant])
