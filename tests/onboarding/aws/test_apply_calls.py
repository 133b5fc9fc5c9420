"""Which calls a change makes, of roles and what hangs on them; what AWS refuses."""

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
from onboarding.resources.kinds import (
    ClusterAccess,
    InlinePolicy,
    InstanceProfile,
    KeyGrant,
    ManagedPolicy,
    Role,
)
from onboarding.resources.plan import Change, Create, Delete, NotOurs, Update, diff
from onboarding.resources.policy import Policy
from onboarding.topology import Reach
from tests.factories import MANAGED_ID, MANAGING_ID, image_key
from tests.onboarding.aws.field import FakeClock, Field, failing, trusting
from tests.onboarding.aws.wanted import ADMIN, EC2, VIEW, everything, reading

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


def test_it_waits_while_a_new_principal_is_not_known_yet(field: Field) -> None:
    sessions, time = field.sessions(), FakeClock()
    said: list[str] = []
    iam = sessions.client(field.reach, "iam")
    failing(iam, "CreateRole", "MalformedPolicyDocument", "Invalid principal", times=2)
    role = everything(field)[1]

    apply(sessions, field.reach, Create(role), waiting=said.append, clock=time.clock)

    assert len(time.slept) == 2
    assert said[-1] == ""
    assert said[0] == "Waiting for AWS: it isn't ready to create role Made."
    assert field.left(field.reach, (role,)) == ()


def test_it_gives_up_after_two_minutes(field: Field) -> None:
    sessions, time = field.sessions(), FakeClock()
    iam = sessions.client(field.reach, "iam")
    failing(iam, "CreateRole", "MalformedPolicyDocument", "Invalid principal", times=99)

    with pytest.raises(AwsError, match="Invalid principal"):
        apply(sessions, field.reach, Create(everything(field)[1]), clock=time.clock)

    assert time.seconds == pytest.approx(120)


def test_a_right_that_is_missing_names_account_role_and_operation(field: Field) -> None:
    field.iam.put_role_policy(
        RoleName="Access",
        PolicyName="Limit",
        PolicyDocument=reading("iam:PutRolePolicy").text.replace("Allow", "Deny"),
    )
    role, inline = everything(field)[1], everything(field)[5]
    field.bring_about(field.reach, (role,))

    with pytest.raises(AwsError) as caught:
        apply(field.sessions(), field.reach, Create(inline), backoff_seconds=0)

    assert f"in account {field.managed_id}" in caught.value.message
    assert caught.value.hint.startswith(
        f"Allow iam:PutRolePolicy to the role Access in account {field.managed_id}"
    )


def test_a_profile_that_is_full_of_its_own_role_is_done(field: Field) -> None:
    """AWS answers so where an earlier answer to the same call was lost."""
    profile = profile_of_role(field)
    wanted = InstanceProfile(account=field.managed_id, name="Made", role="Made")
    sessions = field.sessions()
    iam = sessions.client(field.reach, "iam")
    failing(iam, "AddRoleToInstanceProfile", "LimitExceeded", "Full", times=1)

    apply(sessions, field.reach, Update(profile, wanted), backoff_seconds=0)

    assert field.left(field.reach, (wanted,)) == ()


def profile_of_role(field: Field) -> InstanceProfile:
    """Make a profile that holds its role, and give it as it was before."""
    role = everything(field)[1]
    field.bring_about(field.reach, (role,))
    tags = [{"Key": "managed-by", "Value": "bowline"}]
    field.iam.create_instance_profile(InstanceProfileName="Made", Tags=tags)
    field.iam.add_role_to_instance_profile(InstanceProfileName="Made", RoleName="Made")
    return InstanceProfile(account=field.managed_id, name="Made", role="")


def test_a_profile_that_is_full_of_another_role_is_refused(field: Field) -> None:
    profile = profile_of_role(field)
    wanted = InstanceProfile(account=field.managed_id, name="Made", role="Other")
    sessions = field.sessions()
    iam = sessions.client(field.reach, "iam")
    failing(iam, "AddRoleToInstanceProfile", "LimitExceeded", "Full", times=99)

    with pytest.raises(AwsError, match="Full") as caught:
        apply(sessions, field.reach, Update(profile, wanted), backoff_seconds=0)

    assert not caught.value.retryable


@pytest.mark.parametrize("operation", ["AddRoleToInstanceProfile", "AttachRolePolicy"])
def test_only_what_passes_is_repeated(field: Field, operation: str) -> None:
    """A profile that is full and shows nobody is asked again; a full role is not."""
    role, attached = everything(field)[1], everything(field)[4]
    profile = InstanceProfile(account=field.managed_id, name="Made", role="Made")
    field.bring_about(field.reach, (role,))
    field.iam.create_instance_profile(InstanceProfileName="Made")
    sessions, time = field.sessions(), FakeClock()
    iam = sessions.client(field.reach, "iam")
    failing(iam, operation, "LimitExceeded", "Full", times=2)
    into_profile = operation.startswith("Add")
    change = (
        Update(replace(profile, role=""), profile) if into_profile else Create(attached)
    )

    if into_profile:
        apply(sessions, field.reach, change, clock=time.clock)
    else:
        with pytest.raises(AwsError, match="Full"):
            apply(sessions, field.reach, change, clock=time.clock)

    assert len(time.slept) == (2 if into_profile else 0)


def test_a_policy_with_too_many_versions_is_pruned_again(field: Field) -> None:
    """AWS made a version whose answer was lost, and says that there are too many."""
    sessions, time = field.sessions(), FakeClock()
    first = ManagedPolicy(
        account=field.managed_id, name="P", path="/bowline/managed/", document=ANY
    )
    field.bring_about(field.reach, (first,))
    second = replace(first, document=reading("iam:GetRole"))
    iam = sessions.client(field.reach, "iam")
    failing(iam, "CreatePolicyVersion", "LimitExceeded", "Five", times=1)

    apply(sessions, field.reach, Update(first, second), clock=time.clock)

    assert field.left(field.reach, (second,)) == ()


ANY = Policy.allowing({"Action": "ec2:DescribeVpcs", "Resource": "*"})


def test_what_exists_and_does_not_show_is_asked_again(field: Field) -> None:
    sessions, time = field.sessions(), FakeClock()
    role = everything(field)[1]
    field.bring_about(field.reach, (role,))
    iam = sessions.client(field.reach, "iam")
    failing(iam, "GetRole", "NoSuchEntity", "Not yet", times=2)

    apply(sessions, field.reach, Create(role), clock=time.clock)

    assert len(time.slept) == 2


def test_what_never_shows_is_not_called_somebody_elses(field: Field) -> None:
    sessions, time = field.sessions(), FakeClock()
    role = everything(field)[1]
    field.bring_about(field.reach, (role,))
    iam = sessions.client(field.reach, "iam")
    failing(iam, "GetRole", "NoSuchEntity", "Not yet", times=99)

    with pytest.raises(AwsError) as caught:
        apply(sessions, field.reach, Create(role), clock=time.clock)

    assert "Plan again in a few minutes" in caught.value.hint


def test_a_role_of_somebody_else_is_refused(field: Field) -> None:
    field.iam.create_role(
        RoleName="Made", AssumeRolePolicyDocument=trusting("933333333333")
    )

    with pytest.raises(NotOurs, match="role Made"):
        field.bring_about(field.reach, everything(field)[1:2])


def test_of_an_adopted_role_only_bowlines_own_policies_are_changed(
    field: Field,
) -> None:
    wanted = everything(field)[1:6]
    field.iam.create_role(
        RoleName="Made", AssumeRolePolicyDocument=trusting("933333333333")
    )

    changes = diff(wanted, (), adopts=True)
    sessions = field.sessions()
    for change in changes:
        if not isinstance(change.resource, Role):
            apply(sessions, field.reach, change, backoff_seconds=0)

    trust = field.iam.get_role(RoleName="Made")["Role"]["AssumeRolePolicyDocument"]
    assert trust["Statement"][0]["Principal"] == {"AWS": "933333333333"}


def test_a_role_that_somebody_made_meanwhile_is_not_taken_over(field: Field) -> None:
    role = everything(field)[1]
    field.iam.create_role(
        RoleName="Made", AssumeRolePolicyDocument=trusting("933333333333")
    )

    with pytest.raises(AwsError) as caught:
        apply(field.sessions(), field.reach, Create(role), backoff_seconds=0)

    assert caught.value.code == "EntityAlreadyExists"
    assert "Keep existing roles" in caught.value.hint


def test_half_a_creation_is_finished_when_it_is_repeated(field: Field) -> None:
    role, profile = everything(field)[1:3]
    field.bring_about(field.reach, (role,))
    assert isinstance(profile, InstanceProfile)
    field.iam.create_instance_profile(
        InstanceProfileName="Made", Tags=[{"Key": "managed-by", "Value": "bowline"}]
    )

    apply(field.sessions(), field.reach, Create(profile), backoff_seconds=0)

    assert field.left(field.reach, (role, profile)) == ()


def test_a_profile_with_another_role_gets_the_wanted_one(field: Field) -> None:
    role, profile = everything(field)[1:3]
    other = replace(role, name="Other")
    field.bring_about(field.reach, (role, other, profile))

    changed = field.bring_about(field.reach, (replace(profile, role="Other"),))

    assert [change.verb for change in changed] == ["update"]


def test_a_boundary_is_set_changed_and_removed(field: Field) -> None:
    role = everything(field)[1]
    arns = [
        field.iam.create_policy(
            PolicyName=name, PolicyDocument=reading("ec2:DescribeVpcs").text
        )["Policy"]["Arn"]
        for name in ("One", "Two")
    ]

    for boundary in (arns[0], arns[1], ""):
        wanted = replace(role, boundary=boundary)
        field.bring_about(field.reach, (wanted,))

        assert field.left(field.reach, (wanted,)) == ()


def test_a_role_cannot_be_moved(field: Field) -> None:
    role = everything(field)[1]
    field.bring_about(field.reach, (role,))

    with pytest.raises(AwsError, match="AWS can't move a role"):
        field.bring_about(field.reach, (replace(role, path="/other/"),))


def test_an_attachment_of_the_same_name_is_exchanged(field: Field) -> None:
    role, _, policy, attachment = everything(field)[1:5]
    field.bring_about(field.reach, (role, policy, attachment))
    other = field.iam.create_policy(
        PolicyName="BowlineMade", PolicyDocument=reading("ec2:DescribeVpcs").text
    )["Policy"]["Arn"]

    apply(
        field.sessions(),
        field.reach,
        Update(attachment, replace(attachment, policy_arn=other)),
    )

    answer = field.iam.list_attached_role_policies(RoleName="Made")
    assert [p["PolicyArn"] for p in answer["AttachedPolicies"]] == [other]
