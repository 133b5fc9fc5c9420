"""Which calls a change makes, in which order, and what each asks first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from onboarding.aws import apply as applying
from onboarding.aws.apply import Writer, apply
from onboarding.aws.client import AccountClient
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.resources.kinds import ClusterAccess, InlinePolicy, KeyGrant, Role
from onboarding.resources.plan import Change, Create, Delete, Update
from onboarding.resources.policy import Policy
from onboarding.topology import Reach
from tests.factories import MANAGED_ID, MANAGING_ID, image_key
from tests.onboarding.aws.wanted import ADMIN, EC2, VIEW, reading

TAKEN = "EntityAlreadyExists"
GRANT = KeyGrant(
    account=MANAGED_ID,
    region="us-east-1",
    key_arn=image_key(),
    grantee=f"arn:aws:iam::{MANAGED_ID}:role/aws-service-role/Scaling",
    operations=("Decrypt", "DescribeKey"),
)
FORMER = replace(GRANT, operations=("Decrypt",))
ACCESS = ClusterAccess(
    account=MANAGED_ID,
    region="us-east-1",
    cluster="apps",
    principal=f"arn:aws:iam::{MANAGING_ID}:role/SpinnakerAuthRole",
    policy_arn=ADMIN,
)
ROLE = Role(account=MANAGED_ID, name="Made", trust=Policy.allowing(EC2), reason="Why")
INLINE = InlinePolicy(
    account=MANAGED_ID, role="Made", policy="In", document=reading("ec2:DescribeTags")
)


class Names:
    """A client whose methods are their own names."""

    def __getattr__(self, name: str) -> str:
        return name


@dataclass
class Account:
    """An account that answers every call, or refuses it, and remembers it."""

    answers: dict[str, Any] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    account_id: str = MANAGED_ID
    iam: Names = field(default_factory=Names)

    def kms(self, region: str) -> Names:
        return Names()

    eks = kms

    def call(self, method: str, doing: str, **given: Any) -> Any:
        self.calls.append((method, given))
        answer = self.answers.get(method, {})
        if isinstance(answer, AwsError):
            raise answer
        return answer

    find = call_all = call

    def carries_out(
        self, change: Change, before_write: Callable[[], None] = lambda: None
    ) -> list[str]:
        client = cast(AccountClient, self)
        Writer(client, Sessions("test"), "do it", before_write).carry_out(change)
        return [method for method, _ in self.calls]


def granted(grant: KeyGrant) -> dict[str, Any]:
    return {
        "Name": grant.mark,
        "GranteePrincipal": grant.grantee,
        "Operations": list(grant.operations),
        "GrantId": "+".join(grant.operations),
    }


def test_a_grant_is_replaced_before_the_former_one_is_revoked() -> None:
    existing = {"Grants": [granted(FORMER), granted(GRANT)]}
    account = Account({"list_grants": existing})

    calls = account.carries_out(Update(FORMER, GRANT))

    assert calls == ["create_grant", "list_grants", "revoke_grant"]


def test_only_the_grant_of_these_operations_is_revoked() -> None:
    account = Account({"list_grants": {"Grants": [granted(FORMER), granted(GRANT)]}})

    account.carries_out(Delete(FORMER))

    assert account.calls[1:] == [
        ("revoke_grant", {"KeyId": GRANT.key_arn, "GrantId": "Decrypt"})
    ]


@pytest.mark.parametrize(
    ("was", "calls"),
    [
        (VIEW, ["disassociate_access_policy", "associate_access_policy"]),
        (ADMIN, ["associate_access_policy"]),
        ("", ["associate_access_policy"]),
    ],
)
def test_another_policy_of_a_cluster_is_taken_off_first(
    was: str, calls: list[str]
) -> None:
    change = Update(replace(ACCESS, policy_arn=was), ACCESS)

    assert Account().carries_out(change) == calls


def test_policies_of_others_are_taken_off_a_cluster() -> None:
    account = Account()

    calls = account.carries_out(Update(replace(ACCESS, more_policies=(VIEW,)), ACCESS))

    assert calls == ["disassociate_access_policy", "associate_access_policy"]
    assert account.calls[0][1]["policyArn"] == VIEW


class Stopped(Exception):
    pass


@pytest.mark.parametrize("change", [Create(INLINE), Delete(INLINE)])
def test_nothing_is_written_once_it_may_not_be(change: Change) -> None:
    account = Account()

    def stop() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        account.carries_out(change, stop)

    assert account.calls == []


def test_what_somebody_else_made_meanwhile_is_left_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theirs = replace(ROLE, trust=reading("sts:AssumeRole"), owned=False)
    taken = AwsError(MANAGED_ID, "iam:CreateRole", "It exists.", code=TAKEN)
    account = Account({"create_role": taken})
    monkeypatch.setattr(AccountClient, "writing", lambda *_: account)
    monkeypatch.setattr(applying, "observe", lambda *_: (theirs,))

    with pytest.raises(AwsError, match="It exists"):
        apply(Sessions("test"), Reach(MANAGED_ID), Create(ROLE), backoff_seconds=0)

    assert [method for method, _ in account.calls] == ["create_role"]
