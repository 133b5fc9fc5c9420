"""Keys of EBS's default encryption, and whether their policies let grants be made."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from onboarding.aws.client import AccountClient
from onboarding.aws.errors import AwsError
from onboarding.checks import Outcome
from onboarding.desired.image_keys import GRANTING, LAUNCHING, key_policy_statements
from onboarding.providers.ec2 import Ec2
from onboarding.providers.lambda_ import Lambda
from onboarding.resources.kinds import KeyGrant
from onboarding.topology import MadeBy
from onboarding.verify.keys import OWNER_LOOKS, default_keys, may, refuse_key_policies
from onboarding.verify.result import Result
from onboarding.verify.verification import by_effect
from tests.factories import MANAGED_ID, MANAGING_ID, image_key, managed, managing
from tests.onboarding.aws.field import Field, failing
from tests.onboarding.aws.wanted import key_grant

ROLE = (
    f"arn:aws:iam::{MANAGED_ID}:role/aws-service-role/autoscaling.amazonaws.com/"
    "AWSServiceRoleForAutoScaling"
)

KEY = f"arn:aws:kms:us-east-1:{MANAGED_ID}:key/1"

OTHERS_KEY = "arn:aws:kms:us-east-1:933333333333:key/1"

ROOT = f"arn:aws:iam::{MANAGED_ID}:root"


def allow(principal: Any, *actions: str, **fields: Any) -> dict[str, Any]:
    named = list(actions or ("kms:*",))
    whole = {"Effect": "Allow", "Principal": principal, "Action": named}
    return {**whole, "Resource": "*", **fields}


OWN = allow({"AWS": ROOT})

"""What every key's policy has: the account's own policies decide."""

AWS_OWN_KEYS = allow(
    {"AWS": "*"},
    Condition={
        "StringEquals": {
            "kms:CallerAccount": MANAGED_ID,
            "kms:ViaService": "ec2.us-east-1.amazonaws.com",
        }
    },
)


def denied(action: str) -> AwsError:
    return AwsError(MANAGED_ID, action, "No.", "Allow it.", code="AccessDenied")


class Names:
    """A client whose methods are their own names."""

    def __getattr__(self, name: str) -> str:
        return name


@dataclass
class Account:
    """An account whose Regions all encrypt with this key."""

    key: str = KEY
    encrypts: bool = True
    policy: Any = field(default_factory=lambda: [OWN])
    grants: Any = ()
    refused: str = ""
    account_id: str = MANAGED_ID
    asked: list[str] = field(default_factory=list)

    def service_client(self, service: str, region: str) -> Names:
        return Names()

    def kms(self, region: str) -> Names:
        return Names()

    def call(self, operation: str, doing: str, **given: Any) -> Any:
        self.asked.append(operation)
        if operation == self.refused:
            raise denied(operation)
        match operation:
            case "get_ebs_default_kms_key_id":
                return {"KmsKeyId": self.key}
            case "get_ebs_encryption_by_default":
                return {"EbsEncryptionByDefault": self.encrypts}
            case "get_key_policy":
                return {"Policy": json.dumps({"Statement": self.policy})}
        return {"Grants": list(self.grants)}

    call_all = call

    def found(self, *regions: str, **fields: Any) -> list[Result]:
        account = managed(Ec2(), regions=regions or ("us-east-1",), **fields)
        return default_keys(cast(AccountClient, self), managing(), account)


def grant(*operations: str, grantee: str = ROLE) -> dict[str, Any]:
    return {"GranteePrincipal": grantee, "Operations": list(operations or LAUNCHING)}


def test_aws_own_key_takes_one_call_and_needs_no_word() -> None:
    account = Account("alias/aws/ebs")

    assert account.found() == []
    assert account.asked == ["get_ebs_default_kms_key_id"]


def test_a_key_that_was_chosen_and_is_not_used_needs_no_word() -> None:
    assert Account(encrypts=False).found() == []


@pytest.mark.parametrize(
    "account",
    [
        Account(),
        Account(policy=[OWN, allow({"AWS": ROLE}, "kms:Decrypt", "kms:DescribeKey")]),
        Account(policy=[OWN, allow({"AWS": ROLE}), {**allow("*"), "Effect": "Deny"}]),
        Account(
            policy=[allow({"AWS": ROLE}), {**OWN, "Effect": "Deny"}],
        ),
        Account(policy=[OWN, allow({"Service": "ec2.amazonaws.com"})]),
        Account(grants=[grant("Decrypt")]),
        Account(grants=[grant(grantee=ROOT)]),
        Account(OTHERS_KEY, policy=[], refused="get_key_policy"),
    ],
    ids=[
        "only-the-account",
        "too-little",
        "denied",
        "denied-to-the-account",
        "a-service",
        "too-little-granted",
        "granted-to-others",
        "anothers",
    ],
)
def test_a_key_that_auto_scaling_may_not_use_is_found_with_its_grant(
    account: Account,
) -> None:
    (result,) = account.found()

    assert result.outcome is Outcome.CANNOT_DEPLOY
    assert result.undeployable == "us-east-1"
    assert "“Client.InternalError”" in result.sentence
    assert result.change == (
        f"aws kms create-grant --region us-east-1 --key-id {account.key} "
        f"--grantee-principal {ROLE} --operations {' '.join(LAUNCHING)}"
    )


@pytest.mark.parametrize(
    "account",
    [
        Account(policy=[OWN, allow({"AWS": ROLE})]),
        Account(policy=[OWN, allow({"AWS": [ROOT, ROLE]}, "kms:*")]),
        Account(
            policy=[
                OWN,
                allow({"AWS": ROLE}, "kms:Decrypt", "kms:DescribeKey"),
                allow({"AWS": ROLE}, "kms:GenerateDataKey*", "kms:ReEncrypt*"),
                allow(
                    {"AWS": ROLE},
                    "kms:CreateGrant",
                    Condition={"Bool": {"kms:GrantIsForAWSResource": True}},
                ),
            ]
        ),
        Account(policy=[AWS_OWN_KEYS]),
        Account(grants=[grant("Decrypt"), grant()]),
        Account(OTHERS_KEY, refused="get_key_policy", grants=[grant()]),
    ],
    ids=["policy", "list", "as-documented", "aws-own", "grant", "grant-of-anothers"],
)
def test_a_key_that_auto_scaling_may_use_is_evaluated(account: Account) -> None:
    (result,) = account.found()

    assert result.outcome is Outcome.EVALUATED, result


@pytest.mark.parametrize(
    "operation",
    [
        "get_ebs_default_kms_key_id",
        "get_ebs_encryption_by_default",
        "get_key_policy",
        "list_grants",
    ],
)
def test_what_may_not_be_read_is_not_tested(operation: str) -> None:
    (result,) = Account(refused=operation).found()

    assert (result.outcome, result.fix) == (Outcome.NOT_TESTABLE, "Allow it.")


def test_an_account_that_launches_nothing_is_not_asked() -> None:
    account = Account()
    there = managed(Lambda())

    assert default_keys(cast(AccountClient, account), managing(), there) == []
    assert account.asked == []


def test_a_reader_that_its_owner_deploys_needs_no_more_permissions() -> None:
    refused = "get_ebs_default_kms_key_id"

    (bowlines,) = Account(refused=refused).found()
    (owners,) = Account(refused=refused).found(access_role="", made_by=MadeBy.OWNER)

    assert (bowlines.outcome, owners.outcome) == (Outcome.NOT_TESTABLE,) * 2
    assert bowlines.fix != OWNER_LOOKS
    assert owners.fix == OWNER_LOOKS


def test_where_no_region_can_launch_the_account_fails() -> None:
    here = managed(Ec2(), regions=("us-east-1", "us-west-2"))
    found = Account().found("us-east-1", "us-west-2")

    assert {one.outcome for one in by_effect(here, found)} == {Outcome.FAILED}
    assert {one.outcome for one in by_effect(here, found[:1])} == {
        Outcome.CANNOT_DEPLOY
    }


SCALING = f"arn:aws:iam::{MANAGED_ID}:role/Scaling"

GRANT = KeyGrant(
    account=MANAGED_ID,
    region="us-east-1",
    key_arn=image_key(),
    grantee=SCALING,
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


ELSEWHERE = {"StringEquals": {"kms:GranteePrincipal": f"{SCALING}2"}}


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
def grant_on_key(field: Field) -> KeyGrant:
    """A grant on a key of the managing account, with the policy that AWS gives it."""
    kms = field.root(field.managing_id, "kms")
    return key_grant(field, key_arn=kms.create_key()["KeyMetadata"]["Arn"])


def test_what_is_missing_is_said_with_the_statements(
    field: Field, grant_on_key: KeyGrant
) -> None:
    with pytest.raises(AwsError) as error:
        refuse_key_policies(field.sessions(), field.managing(), [grant_on_key])

    assert f"doesn't allow {', '.join(GRANTING)} to" in error.value.message
    assert error.value.account == field.managing_id
    assert json.dumps(key_policy_statements(grant_on_key)) in error.value.hint


def test_a_policy_with_these_statements_is_enough(
    field: Field, grant_on_key: KeyGrant
) -> None:
    kms = field.root(field.managing_id, "kms")
    owner = statement({"AWS": root(field.managing_id)})
    whole = [owner, *key_policy_statements(grant_on_key)]
    policy = json.dumps({"Version": "2012-10-17", "Statement": whole})
    kms.put_key_policy(KeyId=grant_on_key.key_arn, PolicyName="default", Policy=policy)
    sessions = field.sessions()

    refuse_key_policies(sessions, field.managing(), [grant_on_key])

    assert sessions.calls > 0


def test_a_key_of_the_account_itself_is_not_read(field: Field) -> None:
    sessions = field.sessions()

    refuse_key_policies(sessions, field.managing(), [key_grant(field)])

    assert sessions.calls == 0


@pytest.mark.parametrize("code", ["AccessDeniedException", "NotFoundException"])
def test_what_cannot_be_read_is_left_to_aws(
    field: Field, grant_on_key: KeyGrant, code: str
) -> None:
    sessions = field.sessions()
    client = sessions.client(field.own, "kms", "us-east-1")
    failing(client, "GetKeyPolicy", code, "no", times=1)

    refuse_key_policies(sessions, field.managing(), [grant_on_key])

    with pytest.raises(AwsError):  # it was asked, and is asked again
        refuse_key_policies(sessions, field.managing(), [grant_on_key])


def test_trouble_of_aws_is_no_answer(field: Field, grant_on_key: KeyGrant) -> None:
    sessions = field.sessions()
    client = sessions.client(field.own, "kms", "us-east-1")
    failing(client, "GetKeyPolicy", "KMSInvalidStateException", "no", times=1)

    with pytest.raises(AwsError, match="KMSInvalidState"):
        refuse_key_policies(sessions, field.managing(), [grant_on_key])
