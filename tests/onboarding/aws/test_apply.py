from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from onboarding.aws.apply import apply
from onboarding.aws.errors import AwsError
from onboarding.aws.observe import observe
from onboarding.managed_side import managed_side
from onboarding.managing_side import managing_side
from onboarding.resources.kinds import (
    KINDS,
    MANAGED_PATH,
    Attachment,
    ClusterAccess,
    InlinePolicy,
    InstanceProfile,
    ManagedPolicy,
    OidcProvider,
    Resource,
    Role,
    ServiceLinkedRole,
)
from onboarding.resources.plan import Create, Delete, NotOurs, Update, diff
from onboarding.resources.policy import Policy
from onboarding.topology import PodRole
from tests.onboarding.aws.field import FakeClock, Field, Probe, failing, trusting

EC2 = {"Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
VIEW, ADMIN = (
    f"arn:aws:eks::aws:cluster-access-policy/AmazonEKS{name}Policy"
    for name in ("View", "ClusterAdmin")
)


def reading(*actions: str) -> Policy:
    return Policy.allowing({"Action": list(actions), "Resource": "*"})


def everything(field: Field) -> tuple[Resource, ...]:
    """One of each kind in the managed account, a thing before what needs it."""
    account = field.managed_id
    return (
        OidcProvider(account=account, name="oidc.example/id/1"),
        Role(account=account, name="Made", trust=Policy.allowing(EC2), reason="“Why”"),
        InstanceProfile(account=account, name="Made", role="Made"),
        ManagedPolicy(
            account=account,
            name="BowlineMade",
            path=MANAGED_PATH,
            document=reading("ec2:DescribeVpcs"),
        ),
        Attachment(
            account=account,
            name="Made/BowlineMade",
            policy_arn=f"arn:aws:iam::{account}:policy{MANAGED_PATH}BowlineMade",
        ),
        InlinePolicy(
            account=account, name="Made/BowlineIn", document=reading("ec2:DescribeTags")
        ),
        ServiceLinkedRole(account=account, name="ecs.amazonaws.com"),
        access(field),
    )


def access(field: Field, **fields: Any) -> ClusterAccess:
    identity = f"arn:aws:iam::{field.managing_id}:role/SpinnakerAuthRole"
    plain = {
        "account": field.managed_id,
        "name": f"us-east-1/apps/{identity}",
        "region": "us-east-1",
        "cluster": "apps",
        "principal": identity,
        "policy_arn": ADMIN,
    }
    return ClusterAccess(**{**plain, **fields})


@pytest.mark.usefixtures("cluster")
def test_nothing_is_left_when_all_was_made(field: Field) -> None:
    made = field.bring_about(field.reach, everything(field))

    assert {change.verb for change in made} == {"create"}
    assert {type(change.resource) for change in made} == {*KINDS}
    assert field.left(field.reach, everything(field)) == ()


@pytest.mark.usefixtures("cluster")
def test_each_creation_may_be_repeated(field: Field) -> None:
    made = field.bring_about(field.reach, everything(field))

    for change in made:
        apply(field.sessions(), field.reach, change, patience=0)

    assert field.left(field.reach, everything(field)) == ()


@pytest.mark.usefixtures("cluster")
def test_all_but_awss_own_is_deleted_and_may_be_again(field: Field) -> None:
    wanted = everything(field)
    field.bring_about(field.reach, wanted)
    sessions = field.sessions()

    for _ in range(2):
        for resource in reversed(wanted):
            if not isinstance(resource, ServiceLinkedRole):
                apply(sessions, field.reach, Delete(resource), patience=0)

    left = {change.resource.kind for change in field.left(field.reach, wanted)}
    assert left == {kind.kind for kind in KINDS} - {ServiceLinkedRole.kind}


@pytest.mark.usefixtures("cluster")
def test_removal_leaves_nothing_but_awss_own(field: Field) -> None:
    wanted = everything(field)
    field.bring_about(field.reach, wanted)
    sessions = field.sessions()

    for change in diff((), observe(sessions, field.reach, wanted)):
        apply(sessions, field.reach, change, patience=0)

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
    wanted = tuple(managing_side(topology))

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
            apply(sessions, field.reach, change, patience=0)

    trust = field.iam.get_role(RoleName="Made")["Role"]["AssumeRolePolicyDocument"]
    assert trust["Statement"][0]["Principal"] == {"AWS": "933333333333"}


def test_a_role_that_somebody_made_meanwhile_is_not_taken_over(field: Field) -> None:
    role = everything(field)[1]
    field.iam.create_role(
        RoleName="Made", AssumeRolePolicyDocument=trusting("933333333333")
    )

    with pytest.raises(AwsError) as caught:
        apply(field.sessions(), field.reach, Create(role), patience=0)

    assert caught.value.code == "EntityAlreadyExists"
    assert "rename or remove it" in caught.value.hint


def test_half_a_creation_is_finished_when_it_is_repeated(field: Field) -> None:
    role, profile = everything(field)[1:3]
    field.bring_about(field.reach, (role,))
    assert isinstance(profile, InstanceProfile)
    field.iam.create_instance_profile(
        InstanceProfileName="Made", Tags=[{"Key": "managed-by", "Value": "bowline"}]
    )

    apply(field.sessions(), field.reach, Create(profile), patience=0)

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

    with pytest.raises(AwsError, match="AWS cannot move a role"):
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


def test_a_service_linked_role_that_stands_is_success(field: Field) -> None:
    sessions = field.sessions()
    iam = sessions.client(field.reach, "iam")
    taken = "Service role name AWSServiceRoleForECS has been taken in this account."
    failing(iam, "CreateServiceLinkedRole", "InvalidInput", taken, times=1)
    linked = ServiceLinkedRole(account=field.managed_id, name="ecs.amazonaws.com")

    apply(sessions, field.reach, Create(linked), patience=0)

    assert sessions.calls == 3  # who, enter, create: nothing more was asked


def test_it_waits_while_a_new_principal_is_not_known_yet(field: Field) -> None:
    sessions, time = field.sessions(), FakeClock()
    said: list[str] = []
    iam = sessions.client(field.reach, "iam")
    failing(iam, "CreateRole", "MalformedPolicyDocument", "Invalid principal", times=2)
    role = everything(field)[1]

    apply(sessions, field.reach, Create(role), waiting=said.append, clock=time.clock)

    assert len(time.slept) == 2
    assert said[-1] == ""
    assert said[0] == "Waiting for AWS: it is not ready to create role Made."
    assert field.left(field.reach, (role,)) == ()


def test_it_gives_up_after_a_minute(field: Field) -> None:
    sessions, time = field.sessions(), FakeClock()
    iam = sessions.client(field.reach, "iam")
    failing(iam, "CreateRole", "MalformedPolicyDocument", "Invalid principal", times=99)

    with pytest.raises(AwsError, match="Invalid principal"):
        apply(sessions, field.reach, Create(everything(field)[1]), clock=time.clock)

    assert time.seconds == pytest.approx(60)


def test_a_right_that_is_missing_names_account_role_and_operation(field: Field) -> None:
    field.iam.put_role_policy(
        RoleName="Access",
        PolicyName="Limit",
        PolicyDocument=reading("iam:PutRolePolicy").text.replace("Allow", "Deny"),
    )
    role, inline = everything(field)[1], everything(field)[5]
    field.bring_about(field.reach, (role,))

    with pytest.raises(AwsError) as caught:
        apply(field.sessions(), field.reach, Create(inline), patience=0)

    assert f"in account {field.managed_id}" in caught.value.message
    assert caught.value.hint.startswith(
        f"Allow iam:PutRolePolicy to the role Access in account {field.managed_id}"
    )


def test_awss_own_roles_are_never_deleted(field: Field) -> None:
    linked = ServiceLinkedRole(account=field.managed_id, name="ecs.amazonaws.com")

    with pytest.raises(AssertionError, match="no way to delete"):
        apply(field.sessions(), field.reach, Delete(linked))


def test_policies_of_a_provider_that_was_dropped_are_deleted(field: Field) -> None:
    extra = everything(field)[3:5]
    attached = replace(extra[1], name="spinnakerManaged/BowlineMade")
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
