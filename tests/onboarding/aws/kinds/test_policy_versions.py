"""Kinds of resources: policies and their versions, service-linked roles, entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from onboarding.aws.apply import apply
from onboarding.aws.errors import AwsError
from onboarding.aws.kinds import WrittenMeanwhile
from onboarding.aws.observe import observe
from onboarding.aws.session import Sessions
from onboarding.resources.kinds import (
    MANAGED_PATH,
    ClusterAccess,
    ManagedPolicy,
    ServiceLinkedRole,
)
from onboarding.resources.plan import Create, Delete, Update, beyond, diff
from onboarding.resources.policy import Policy
from tests.onboarding.aws.field import FakeClock, Field, failing, trusting
from tests.onboarding.aws.wanted import ADMIN, VIEW, access, everything

READS = ("Get", "List", "Describe", "AssumeRole")


def allowing(*actions: str) -> Policy:
    return Policy.allowing({"Action": list(actions), "Resource": "*"})


def policy(field: Field, *actions: str) -> ManagedPolicy:
    return ManagedPolicy(
        account=field.managed_id,
        name="Shared",
        path=MANAGED_PATH,
        document=allowing(*actions),
    )


@pytest.fixture
def standing(field: Field) -> ManagedPolicy:
    """Give a policy that exists and allows one action."""
    made = policy(field, "s3:GetObject")
    apply(field.sessions(), field.reach, Create(made), backoff_seconds=0)
    return made


def somebody_writes(field: Field, document: Policy) -> None:
    arn = f"arn:aws:iam::{field.managed_id}:policy{MANAGED_PATH}Shared"
    field.iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=document.text, SetAsDefault=True
    )


def in_force(field: Field) -> Policy:
    (found,) = observe(field.sessions(), field.reach, (policy(field, "any:Thing"),))
    assert isinstance(found, ManagedPolicy)
    return found.document


def around_the_write(field: Field, event: str, act: Callable[[], None]) -> Sessions:
    """Let something happen, once, before or after our version is written."""
    sessions = field.sessions()
    left = [act]

    def once(**_: Any) -> None:
        while left:
            left.pop()()

    iam = sessions.client(field.reach, "iam")
    iam.meta.events.register(f"{event}.iam.CreatePolicyVersion", once)
    return sessions


def test_a_version_that_somebody_wrote_meanwhile_is_in_force_again(
    field: Field, standing: ManagedPolicy
) -> None:
    theirs = allowing("s3:PutObject")
    sessions = around_the_write(
        field, "before-send", lambda: somebody_writes(field, theirs)
    )
    ours = Update(standing, policy(field, "s3:DeleteObject"))

    with pytest.raises(WrittenMeanwhile, match=r"someone else .* Theirs is in effect"):
        apply(sessions, field.reach, ours)

    assert in_force(field) == theirs


def test_one_of_ours_whose_answer_was_lost_is_no_stranger(
    field: Field, standing: ManagedPolicy
) -> None:
    wanted = policy(field, "s3:DeleteObject")
    sessions = around_the_write(
        field, "before-send", lambda: somebody_writes(field, wanted.document)
    )

    apply(sessions, field.reach, Update(standing, wanted))

    assert in_force(field) == wanted.document


def test_a_number_that_is_missing_is_no_stranger(
    field: Field, standing: ManagedPolicy
) -> None:
    wanted = policy(field, "s3:DeleteObject")

    def somebody_writes_and_takes_back() -> None:
        arn = f"arn:aws:iam::{field.managed_id}:policy{MANAGED_PATH}Shared"
        field.iam.create_policy_version(
            PolicyArn=arn, PolicyDocument=allowing("s3:PutObject").text
        )
        field.iam.delete_policy_version(PolicyArn=arn, VersionId="v2")

    sessions = around_the_write(field, "before-send", somebody_writes_and_takes_back)

    apply(sessions, field.reach, Update(standing, wanted))

    assert in_force(field) == wanted.document


def test_a_version_that_came_after_ours_stays_in_force(
    field: Field, standing: ManagedPolicy
) -> None:
    latest = allowing("s3:ListBucket")
    sessions = around_the_write(
        field, "before-send", lambda: somebody_writes(field, allowing("s3:PutObject"))
    )
    iam = sessions.client(field.reach, "iam")
    iam.meta.events.register(
        "after-call.iam.CreatePolicyVersion",
        lambda **_: somebody_writes(field, latest),
    )

    with pytest.raises(WrittenMeanwhile):
        apply(sessions, field.reach, Update(standing, policy(field, "s3:DeleteObject")))

    assert in_force(field) == latest


@pytest.mark.usefixtures("cluster")
def test_every_single_write_asks_first(field: Field) -> None:
    sessions = field.sessions()
    heard: list[str] = []

    def sent(event_name: str, **_: Any) -> None:
        operation = event_name.rsplit(".", 1)[-1]
        if not operation.startswith(READS):
            heard.append(operation)

    build = sessions._build

    def heard_client(*args: Any) -> Any:
        client = build(*args)
        client.meta.events.register("before-send", sent)
        return client

    sessions._build = heard_client  # type: ignore[method-assign]
    wanted = everything(field)
    made = diff(wanted, observe(sessions, field.reach, wanted))
    changed = [
        Update(one, replace(one, document=allowing("s3:PutObject")))
        for one in wanted
        if isinstance(one, ManagedPolicy)
    ]
    kinds = {type(change.resource): change.resource for change in made}

    for change in [*made, *changed, *map(Delete, reversed(kinds.values()))]:
        if change.resource.kind == "service-linked role" and change.verb == "delete":
            continue
        apply(
            sessions,
            field.reach,
            change,
            before_write=lambda: heard.append("asked"),
            backoff_seconds=0,
        )

    assert heard[::2] == ["asked"] * (len(heard) // 2)
    assert "asked" not in heard[1::2]
    assert len({*heard}) > 20


ECS = "ecs.amazonaws.com"

SCALING = "ecs.application-autoscaling.amazonaws.com"

NAME = "AWSServiceRoleForECS"

TAKEN = f"Service role name {NAME} has been taken in this account, please try a suffix."


def linked(field: Field, service: str = ECS) -> ServiceLinkedRole:
    return ServiceLinkedRole(account=field.managed_id, name=service)


def make(field: Field, path: str) -> None:
    trust = trusting(field.bowline)
    field.iam.create_role(Path=path, RoleName=NAME, AssumeRolePolicyDocument=trust)


def test_one_that_is_taken_at_its_services_path_is_made(field: Field) -> None:
    sessions, clock = field.sessions(), FakeClock()
    make(field, f"/aws-service-role/{ECS}/")
    iam = sessions.client(field.reach, "iam")
    failing(iam, "CreateServiceLinkedRole", "InvalidInput", TAKEN, times=1)

    apply(sessions, field.reach, Create(linked(field)), clock=clock.clock)

    assert clock.slept == []
    assert observe(sessions, field.reach, (linked(field),)) == (linked(field),)


def test_one_that_is_taken_and_not_shown_yet_is_asked_for_again(field: Field) -> None:
    sessions, clock = field.sessions(), FakeClock()
    make(field, f"/aws-service-role/{ECS}/")
    iam = sessions.client(field.reach, "iam")
    failing(iam, "CreateServiceLinkedRole", "InvalidInput", TAKEN, times=2)
    failing(iam, "GetRole", "NoSuchEntity", "no such role", times=1)

    apply(sessions, field.reach, Create(linked(field)), clock=clock.clock)

    assert len(clock.slept) == 1


def test_a_role_of_somebody_with_its_name_is_named(field: Field) -> None:
    sessions, clock = field.sessions(), FakeClock()
    make(field, "/")
    iam = sessions.client(field.reach, "iam")
    failing(iam, "CreateServiceLinkedRole", "InvalidInput", TAKEN, times=1)

    with pytest.raises(AwsError) as error:
        apply(sessions, field.reach, Create(linked(field)), clock=clock.clock)

    assert f"the role {NAME} exists at the path /, which isn't that" in str(error.value)
    assert clock.slept == []


def test_what_another_service_has_is_not_taken_for_ones_own(field: Field) -> None:
    """So it is on the emulator, which names the two alike."""
    field.bring_about(field.reach, (linked(field),))

    with pytest.raises(AwsError, match=f"at the path /aws-service-role/{ECS}/"):
        field.bring_about(field.reach, (linked(field, SCALING),))

    assert observe(field.sessions(), field.reach, (linked(field, SCALING),)) == ()


def test_they_are_never_deleted(field: Field) -> None:
    with pytest.raises(AssertionError, match="can't delete service-linked role"):
        apply(field.sessions(), field.reach, Delete(linked(field)))


def made(field: Field) -> ClusterAccess:
    """Give Spinnaker's identity the right to view the cluster, as Bowline does."""
    field.root(field.managing_id).create_role(
        RoleName="SpinnakerAuthRole", AssumeRolePolicyDocument=trusting(field.bowline)
    )
    wanted = access(field, policy_arn=VIEW, namespaces=("web",))
    field.bring_about(field.reach, (wanted,))
    return wanted


def associate(cluster: Any, wanted: ClusterAccess, policy: str) -> None:
    cluster.associate_access_policy(
        clusterName="apps",
        principalArn=wanted.principal,
        policyArn=policy,
        accessScope={"type": "cluster"},
    )


@pytest.mark.smoke
def test_a_policy_that_others_associated_differs(field: Field, cluster: Any) -> None:
    wanted = made(field)

    associate(cluster, wanted, ADMIN)

    (found,) = observe(field.sessions(), field.reach, [wanted])
    (change,) = diff([wanted], [found])
    assert isinstance(found, ClusterAccess)
    assert (found.policy_arn, found.more_policies) == (VIEW, (ADMIN,))
    assert "Allows everything in the cluster." in [r.sentence for r in beyond(change)]


def test_a_policy_that_others_associated_is_taken_off(
    field: Field, cluster: Any
) -> None:
    wanted = made(field)
    associate(cluster, wanted, ADMIN)

    (change,) = field.bring_about(field.reach, (wanted,))

    left = cluster.list_associated_access_policies(
        clusterName="apps", principalArn=wanted.principal
    )["associatedAccessPolicies"]
    assert isinstance(change, Update)
    assert [one["policyArn"] for one in left] == [VIEW]
    assert field.left(field.reach, (wanted,)) == ()
