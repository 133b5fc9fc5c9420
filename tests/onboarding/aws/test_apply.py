from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from onboarding.aws.apply import apply
from onboarding.aws.errors import AwsError
from onboarding.aws.observe import observe
from onboarding.desired.managed import managed_side
from onboarding.resources.kinds import (
    KINDS,
    MANAGED_PATH,
    Attachment,
    InstanceProfile,
    ManagedPolicy,
    OidcProvider,
    OwnerTag,
    Role,
    ServiceLinkedRole,
)
from onboarding.resources.plan import Create, Delete, Update, diff
from onboarding.resources.policy import Policy
from onboarding.topology import PodRole
from tests.factories import side_of
from tests.onboarding.aws.field import Field, Probe, trusting
from tests.onboarding.aws.wanted import VIEW, access, everything, reading


@pytest.mark.usefixtures("cluster")
def test_nothing_is_left_when_all_was_made(field: Field) -> None:
    made = field.bring_about(field.reach, everything(field))

    assert {change.verb for change in made} == {"create"}
    assert {type(change.resource) for change in made} == {*KINDS} - {OwnerTag}
    assert field.left(field.reach, everything(field)) == ()


def test_what_others_made_is_tagged_and_untagged(field: Field) -> None:
    role, profile = theirs(field)
    tags = [OwnerTag.on(role), OwnerTag.on(profile)]

    for change in [Create(tag) for tag in tags] * 2:
        apply(field.sessions(), field.reach, change)
    assert all(one.owned for one in theirs(field))

    for change in [Delete(tag) for tag in tags] * 2:
        apply(field.sessions(), field.reach, change)
    assert not any(one.owned for one in theirs(field))

    field.iam.delete_instance_profile(InstanceProfileName="theirs")
    field.iam.delete_role(RoleName="theirs")
    for tag in tags:
        apply(field.sessions(), field.reach, Delete(tag))


@pytest.mark.parametrize("key", ["managed-by", "Managed-By"])
def test_the_tag_that_another_tool_wrote_is_put_back(field: Field, key: str) -> None:
    theirs(field)
    tags = [{"Key": key, "Value": "terraform"}, {"Key": "Team", "Value": "a"}]
    field.iam.tag_role(RoleName="theirs", Tags=tags)
    role, _ = theirs(field)
    assert role.other_tag == f"{key}=terraform"
    old, ours = OwnerTag.on(role, instead=role.other_tag), OwnerTag.on(role)

    apply(field.sessions(), field.reach, Update(old, ours))

    made = field.iam.list_role_tags(RoleName="theirs")["Tags"]
    assert sorted(made, key=str) == [
        {"Key": "Team", "Value": "a"},
        {"Key": "managed-by", "Value": "bowline"},
    ]
    assert theirs(field)[0].owned

    apply(field.sessions(), field.reach, Update(ours, old))

    made = field.iam.list_role_tags(RoleName="theirs")["Tags"]
    assert sorted(made, key=str) == sorted(tags, key=str)


def theirs(field: Field) -> tuple[Role, InstanceProfile]:
    """Observe a role and a profile that are made by hand where they aren't there."""
    with suppress(field.iam.exceptions.EntityAlreadyExistsException):
        document = trusting(field.managing_id)
        field.iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=document)
        field.iam.create_instance_profile(InstanceProfileName="theirs")
    trust = Policy.of(json.loads(trusting(field.managing_id)))
    wanted = (
        Role(account=field.managed_id, name="theirs", trust=trust),
        InstanceProfile(account=field.managed_id, name="theirs", role=""),
    )
    role, profile = observe(field.sessions(), field.reach, wanted)
    assert isinstance(role, Role)
    assert isinstance(profile, InstanceProfile)
    return role, profile


@pytest.mark.usefixtures("cluster")
def test_each_creation_may_be_repeated(field: Field) -> None:
    made = field.bring_about(field.reach, everything(field))

    for change in made:
        apply(field.sessions(), field.reach, change, backoff_seconds=0)

    assert field.left(field.reach, everything(field)) == ()


@pytest.mark.usefixtures("cluster")
def test_all_but_awss_own_is_deleted_and_may_be_again(field: Field) -> None:
    wanted = everything(field)
    field.bring_about(field.reach, wanted)
    sessions = field.sessions()

    for _ in range(2):
        for resource in reversed(wanted):
            if not isinstance(resource, ServiceLinkedRole):
                apply(sessions, field.reach, Delete(resource), backoff_seconds=0)

    left = {change.resource.kind for change in field.left(field.reach, wanted)}
    kinds = {kind.kind for kind in KINDS}
    assert left == kinds - {ServiceLinkedRole.kind, OwnerTag.kind}


@pytest.mark.usefixtures("cluster")
def test_removal_leaves_nothing_but_awss_own(field: Field) -> None:
    wanted = everything(field)
    field.bring_about(field.reach, wanted)
    sessions = field.sessions()

    for change in diff((), observe(sessions, field.reach, wanted)):
        apply(sessions, field.reach, change, backoff_seconds=0)

    left = observe(field.sessions(), field.reach, wanted)
    assert [type(resource) for resource in left] == [ServiceLinkedRole]


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize("done", range(1, 8))
def test_it_goes_on_from_wherever_it_was_killed(field: Field, done: int) -> None:
    field.bring_about(field.reach, everything(field)[:done])

    field.bring_about(field.reach, everything(field))

    assert field.left(field.reach, everything(field)) == ()


def test_a_managed_account_with_a_pod_role_in_the_managing_one(field: Field) -> None:
    pod = PodRole("Pod", "apps", "us-east-1", "spinnaker", "default", "oidc.example/id")
    topology = replace(field.topology(), managing=field.managing(identity=pod))
    wanted = tuple(side_of(topology))

    field.bring_about(field.own, wanted)

    assert field.left(field.own, wanted) == ()


def test_what_a_person_changed_is_brought_back(field: Field) -> None:
    wanted = tuple(managed_side(field.managing(), field.managed()))
    field.bring_about(field.reach, wanted)
    policy = next(r for r in wanted if isinstance(r, ManagedPolicy))
    attached = next(r for r in wanted if isinstance(r, Attachment))
    arn = attached.policy_arn
    field.iam.update_assume_role_policy(
        RoleName="spinnakerManaged", PolicyDocument=trusting("933333333333")
    )
    field.iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=reading("s3:*").text, SetAsDefault=True
    )
    field.iam.detach_role_policy(RoleName="spinnakerManaged", PolicyArn=arn)
    field.iam.remove_role_from_instance_profile(
        InstanceProfileName="BaseIAMRole", RoleName="BaseIAMRole"
    )

    changed = field.bring_about(field.reach, wanted)

    assert [(change.verb, change.resource.name) for change in changed] == [
        ("update", "spinnakerManaged"),
        ("update", policy.name),
        ("create", attached.name),
        ("update", "BaseIAMRole"),
    ]
    assert field.left(field.reach, wanted) == ()


def test_a_policy_keeps_at_most_five_versions(field: Field) -> None:
    policy = next(r for r in everything(field) if isinstance(r, ManagedPolicy))
    field.bring_about(field.reach, (policy,))

    for number in range(7):
        changed = replace(policy, document=reading(f"ec2:Describe{number}"))
        field.bring_about(field.reach, (changed,))

    assert field.left(field.reach, (changed,)) == ()


def test_the_version_in_force_is_never_pruned(field: Field) -> None:
    policy = next(r for r in everything(field) if isinstance(r, ManagedPolicy))
    field.bring_about(field.reach, (policy,))
    arn = f"arn:aws:iam::{field.managed_id}:policy{MANAGED_PATH}BowlineMade"
    for number in range(4):
        field.iam.create_policy_version(
            PolicyArn=arn, PolicyDocument=reading(f"ec2:{number}").text
        )
    changed = replace(policy, document=reading("ec2:DescribeRegions"))

    field.bring_about(field.reach, (changed,))

    versions = field.iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert [v["VersionId"] for v in versions] == ["v1", "v3", "v4", "v5", "v6"]
    assert field.left(field.reach, (changed,)) == ()


def test_an_audience_is_added_to_an_oidc_provider(field: Field) -> None:
    provider = everything(field)[0]
    assert isinstance(provider, OidcProvider)
    sessions = field.sessions()
    asked: list[dict[str, Any]] = []
    iam = sessions.client(field.reach, "iam")
    # The emulator lacks this call, so the request is read and answered here.
    iam.meta.events.register(
        "before-call.iam.AddClientIDToOpenIDConnectProvider",
        lambda params, **_: (
            asked.append(params["body"])
            or (type("Answer", (), {"status_code": 200})(), {})
        ),
    )

    apply(sessions, field.reach, Update(replace(provider, audience="other"), provider))

    assert asked[0]["ClientID"] == "sts.amazonaws.com"


def test_namespaces_and_policy_of_a_clusters_access_are_changed(
    field: Field, cluster: Any
) -> None:
    field.bring_about(field.reach, (access(field),))
    narrow = access(field, policy_arn=VIEW, namespaces=("web", "api"))

    field.bring_about(field.reach, (narrow,))
    wider = replace(narrow, namespaces=("web", "api", "db"))
    field.bring_about(field.reach, (wider,))

    policies = cluster.list_associated_access_policies(
        clusterName="apps", principalArn=narrow.principal
    )["associatedAccessPolicies"]
    assert [p["policyArn"] for p in policies] == [VIEW]
    assert sorted(policies[0]["accessScope"]["namespaces"]) == ["api", "db", "web"]
    assert field.left(field.reach, (wider,)) == ()


def test_an_entry_without_its_policy_is_finished(field: Field, cluster: Any) -> None:
    wanted = access(field)
    cluster.create_access_entry(
        clusterName="apps",
        principalArn=wanted.principal,
        tags={"managed-by": "bowline"},
    )

    changed = field.bring_about(field.reach, (wanted,))

    assert [change.verb for change in changed] == ["update"]
    assert field.left(field.reach, (wanted,)) == ()


def test_a_cluster_that_does_not_exist_is_said(field: Field) -> None:
    with pytest.raises(AwsError, match="No cluster found"):
        field.bring_about(field.reach, (access(field),))


def test_policies_of_a_provider_that_was_dropped_are_deleted(field: Field) -> None:
    extra = everything(field)[3:5]
    attached = replace(extra[1], holder="spinnakerManaged")
    with_it = managed_side(
        field.managing(), field.managed(Probe(more=(extra[0], attached)))
    )
    field.bring_about(field.reach, tuple(with_it))
    without = tuple(managed_side(field.managing(), field.managed()))

    changed = field.bring_about(field.reach, without)

    assert [(c.verb, c.resource.kind) for c in changed] == [
        ("delete", "attachment"),
        ("delete", "policy"),
    ]
    assert field.left(field.reach, without) == ()
