from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from onboarding.aws.apply import apply
from onboarding.aws.observe import observe
from onboarding.desired.managed import managed_side
from onboarding.resources.kinds import (
    MANAGED_PATH,
    Attachment,
    InlinePolicy,
    InstanceProfile,
    ManagedPolicy,
    OidcProvider,
    Resource,
    Role,
    ServiceLinkedRole,
)
from onboarding.resources.plan import Create, diff
from onboarding.resources.policy import Policy
from onboarding.topology import ExistingIdentity
from tests.factories import side_of
from tests.onboarding.aws.field import Field, failing, trusting

READ_ALL = Policy.allowing({"Action": "ec2:Describe*", "Resource": "*"})


def wanted(field: Field) -> tuple[Resource, ...]:
    return tuple(managed_side(field.managing(), field.managed()))


def found(field: Field, *resources: Resource) -> tuple[Resource, ...]:
    return observe(field.sessions(), field.reach, resources)


def test_nothing_stands_in_an_untouched_account(field: Field) -> None:
    assert found(field, *wanted(field)) == ()


def test_what_was_made_equals_what_was_wanted(field: Field) -> None:
    field.root(field.managing_id).create_role(
        RoleName="SpinnakerAuthRole", AssumeRolePolicyDocument=trusting(field.bowline)
    )
    field.bring_about(field.reach, wanted(field))

    observed = found(field, *wanted(field))

    assert set(observed) == set(wanted(field))
    assert all(resource.owned for resource in observed)


def test_a_role_without_the_tag_is_not_bowlines(field: Field) -> None:
    field.iam.create_role(
        RoleName="spinnakerManaged", AssumeRolePolicyDocument=trusting(field.bowline)
    )

    roles = [r for r in found(field, *wanted(field)) if isinstance(r, Role)]

    assert [(role.name, role.owned) for role in roles] == [("spinnakerManaged", False)]


def test_it_sees_what_somebody_changed(field: Field) -> None:
    field.bring_about(field.reach, wanted(field))
    field.iam.update_assume_role_policy(
        RoleName="spinnakerManaged", PolicyDocument=trusting("933333333333")
    )

    roles = {r.name: r for r in found(field, *wanted(field)) if isinstance(r, Role)}

    changed = roles["spinnakerManaged"].trust.document["Statement"][0]
    assert changed["Principal"] == {"AWS": "933333333333"}


def test_it_finds_bowlines_own_that_is_no_longer_wanted(field: Field) -> None:
    before = wanted(field)
    old_policy = ManagedPolicy(
        account=field.managed_id,
        name="BowlineOldRead",
        path=MANAGED_PATH,
        document=READ_ALL,
    )
    attached = Attachment(
        account=field.managed_id,
        holder="spinnakerManaged",
        policy_arn=f"arn:aws:iam::{field.managed_id}:policy{MANAGED_PATH}BowlineOldRead",
    )
    inline = InlinePolicy(
        account=field.managed_id,
        role="spinnakerManaged",
        policy="BowlineOld",
        document=READ_ALL,
    )
    field.bring_about(field.reach, (*before, old_policy, attached, inline))

    surplus = set(found(field, *before)) - set(before)

    assert surplus == {old_policy, attached, inline}
    assert all(resource.owned for resource in surplus)


def test_what_others_put_on_the_role_is_not_bowlines(field: Field) -> None:
    field.bring_about(field.reach, wanted(field))
    field.iam.put_role_policy(
        RoleName="spinnakerManaged", PolicyName="theirs", PolicyDocument=READ_ALL.text
    )
    field.iam.attach_role_policy(
        RoleName="spinnakerManaged", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess"
    )

    surplus = set(found(field, *wanted(field))) - set(wanted(field))

    assert {one.name for one in surplus} == {
        "spinnakerManaged/theirs",
        "spinnakerManaged/ReadOnlyAccess",
    }
    assert not any(one.owned for one in surplus)


def test_each_side_sees_its_own_leftovers_only(field: Field) -> None:
    managed = field.managed(account_id=field.managing_id, access_role="")
    managing_wanted = tuple(side_of(field.topology()))
    managed_wanted = tuple(managed_side(field.managing(), managed))
    field.bring_about(field.own, (*managing_wanted, *managed_wanted))

    observed = observe(field.sessions(), field.own, managed_wanted)

    assert set(observed) == set(managed_wanted)


def test_it_asks_little(field: Field) -> None:
    field.bring_about(field.reach, wanted(field))
    sessions = field.sessions()
    sessions.client(field.reach, "iam")
    before = sessions.calls

    observe(sessions, field.reach, wanted(field))

    # Policies: 1 list, 1 read. Two roles, with what is attached to each and inside. One
    # profile.
    assert sessions.calls - before == 9


def test_of_what_does_not_exist_it_asks_that_only(field: Field) -> None:
    sessions = field.sessions()
    sessions.client(field.reach, "iam")
    before = sessions.calls

    assert observe(sessions, field.reach, wanted(field)) == ()

    assert sessions.calls - before == 4


def test_a_version_of_a_policy_is_read_once(field: Field) -> None:
    field.bring_about(field.reach, wanted(field))
    sessions = field.sessions()
    first = observe(sessions, field.reach, wanted(field))
    before = sessions.calls

    again = observe(sessions, field.reach, wanted(field))

    assert again == first
    assert sessions.calls - before == 8


@pytest.mark.smoke
def test_what_a_policy_was_written_to_say_is_read_once(field: Field) -> None:
    sessions = field.sessions()
    for change in diff(wanted(field), ()):
        apply(sessions, field.reach, change, backoff_seconds=0)
    counts = [sessions.calls]

    for _ in range(2):
        observed = observe(sessions, field.reach, wanted(field))
        counts.append(sessions.calls)

    assert set(observed) == set(wanted(field))
    assert [after - before for before, after in pairwise(counts)] == [9, 8]


@pytest.mark.parametrize("again", ["another version", "made again"])
def test_a_policy_that_somebody_wrote_meanwhile_is_read(
    field: Field, again: str
) -> None:
    policy = ManagedPolicy(
        account=field.managed_id,
        name="BowlineMade",
        path=MANAGED_PATH,
        document=READ_ALL,
    )
    sessions = field.sessions()
    apply(sessions, field.reach, Create(policy), backoff_seconds=0)
    arn = f"arn:aws:iam::{field.managed_id}:policy{MANAGED_PATH}BowlineMade"
    theirs = Policy.allowing({"Action": "s3:*", "Resource": "*"})
    if again == "another version":
        field.iam.create_policy_version(
            PolicyArn=arn, PolicyDocument=theirs.text, SetAsDefault=True
        )
    else:
        field.iam.delete_policy(PolicyArn=arn)
        field.iam.create_policy(
            PolicyName="BowlineMade", Path=MANAGED_PATH, PolicyDocument=theirs.text
        )

    (found,) = observe(sessions, field.reach, (policy,))

    assert found == replace(policy, document=theirs)


def test_an_instance_profile_may_be_empty(field: Field) -> None:
    field.iam.create_instance_profile(InstanceProfileName="BaseIAMRole")

    (profile,) = found(
        field,
        InstanceProfile(
            account=field.managed_id, name="BaseIAMRole", role="BaseIAMRole"
        ),
    )

    assert isinstance(profile, InstanceProfile)
    assert (profile.role, profile.owned) == ("", False)


def test_a_service_linked_role_is_awss_own(field: Field) -> None:
    field.iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    ecs, spot = (
        ServiceLinkedRole(account=field.managed_id, name=f"{service}.amazonaws.com")
        for service in ("ecs", "spot")
    )

    observed = found(field, ecs, spot)

    assert observed == (ecs,)
    assert not observed[0].owned


@pytest.mark.parametrize(
    ("audiences", "seen"),
    [(["sts.amazonaws.com", "x"], "sts.amazonaws.com"), (["y", "x"], "x, y")],
)
def test_an_oidc_provider_is_found_by_its_url(
    field: Field, audiences: list[str], seen: str
) -> None:
    field.iam.create_open_id_connect_provider(
        Url="https://oidc.example/id/1", ClientIDList=audiences
    )

    provider = OidcProvider(account=field.managed_id, name="oidc.example/id/1")
    (observed,) = found(field, provider)

    assert observed == replace(provider, audience=seen)


def test_an_oidc_provider_may_be_missing(field: Field) -> None:
    assert (
        found(field, OidcProvider(account=field.managed_id, name="oidc.example")) == ()
    )


def test_a_policy_on_a_user_is_found(field: Field) -> None:
    identity = ExistingIdentity(f"arn:aws:iam::{field.managing_id}:user/spinnaker")
    topology = replace(field.topology(), managing=field.managing(identity=identity))
    wanted = tuple(side_of(topology))
    field.root(field.managing_id).create_user(UserName="spinnaker")
    field.bring_about(field.own, wanted)

    observed = observe(field.sessions(), field.own, wanted)

    assert set(observed) == set(wanted)
    assert [a.to_user for a in observed if isinstance(a, Attachment)] == [True, True]


def test_a_user_may_be_missing(field: Field) -> None:
    attachment = Attachment(
        account=field.managed_id,
        holder="nobody",
        policy_arn="arn:aws:iam::aws:policy/P",
        to_user=True,
    )

    assert found(field, attachment) == ()


def test_of_two_policies_with_one_name_the_wanted_one_counts(field: Field) -> None:
    field.bring_about(field.reach, wanted(field))
    right = next(r for r in wanted(field) if isinstance(r, Attachment))
    other = field.iam.create_policy(
        PolicyName=right.policy, PolicyDocument=READ_ALL.text
    )
    field.iam.attach_role_policy(
        RoleName="spinnakerManaged", PolicyArn=other["Policy"]["Arn"]
    )

    by_key = {r.key: r for r in found(field, *wanted(field))}

    assert by_key[right.key] == right


def test_a_boundary_is_seen(field: Field) -> None:
    boundary = field.iam.create_policy(
        PolicyName="Boundary", PolicyDocument=READ_ALL.text
    )["Policy"]["Arn"]
    role = Role(
        account=field.managed_id,
        name="Bounded",
        trust=Policy.of(json.loads(trusting(field.bowline))),
        boundary=boundary,
    )
    field.bring_about(field.reach, (role,))

    assert found(field, role) == (role,)


@pytest.mark.parametrize("operation", ["GetPolicyVersion", "GetRolePolicy"])
def test_what_is_deleted_while_it_is_read_is_absent(
    field: Field, operation: str
) -> None:
    inline = InlinePolicy(
        account=field.managed_id,
        role="spinnakerManaged",
        policy="BowlineIn",
        document=READ_ALL,
    )
    resources = (*wanted(field), inline)
    field.bring_about(field.reach, resources)
    sessions = field.sessions()
    iam = sessions.client(field.reach, "iam")
    failing(iam, operation, "NoSuchEntity", "Gone", times=1)

    observed = observe(sessions, field.reach, resources)

    assert len(observed) == len(resources) - 1
