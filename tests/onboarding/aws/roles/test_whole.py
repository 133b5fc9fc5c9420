"""All roles and policies of an account, read at once: the same as one by one."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from onboarding.access_role import LOOK, AccessRole
from onboarding.aws.apply import apply
from onboarding.aws.client import AccountClient, once
from onboarding.aws.errors import AwsError
from onboarding.aws.known import VERSIONS
from onboarding.aws.observe import observe
from onboarding.aws.roles.passed import passed_roles
from onboarding.aws.roles.whole import MOST_PAGES, PAGE, SINGLY, just_read, read_whole
from onboarding.aws.session import Sessions
from onboarding.desired.managed import managed_side
from onboarding.resources.kinds import Resource
from onboarding.resources.plan import Create
from onboarding.topology import Reach
from tests.onboarding.aws.field import ACCESS_ROLE, Field, trusting
from tests.onboarding.aws.roles.test_passed import EC2, role
from tests.onboarding.aws.roles.test_passed import trusting as trusting_service
from tests.strict_aws.calls import Calls

DETAILS = "iam:GetAccountAuthorizationDetails"
OPERATION = "get_account_authorization_details"
REACH = Reach("1" * 12)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    SINGLY.clear()
    VERSIONS.clear()


def wanted(field: Field) -> tuple[Resource, ...]:
    return tuple(managed_side(field.managing(), field.managed()))


def changed_by_others(field: Field) -> None:
    """Let others change what Bowline made: what is on it, its trust, its boundary."""
    allow = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    theirs = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    made = field.iam.create_policy(PolicyName="Theirs", PolicyDocument=theirs)
    arn = made["Policy"]["Arn"]
    name = {"RoleName": "spinnakerManaged"}
    field.iam.put_role_policy(**name, PolicyName="theirs", PolicyDocument=theirs)
    field.iam.attach_role_policy(**name, PolicyArn=arn)
    field.iam.put_role_permissions_boundary(**name, PermissionsBoundary=arn)
    field.iam.untag_role(RoleName="BaseIAMRole", TagKeys=["managed-by"])
    field.iam.update_assume_role_policy(
        RoleName="BaseIAMRole", PolicyDocument=trusting("9" * 12)
    )
    field.iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")


@pytest.mark.smoke
@pytest.mark.parametrize("change", [changed_by_others, lambda _: None])
def test_what_is_read_at_once_is_what_is_read_one_by_one(
    field: Field,
    calls: Calls,
    change: Any,
) -> None:
    field.root(field.managing_id).create_role(
        RoleName="SpinnakerAuthRole", AssumeRolePolicyDocument=trusting(field.bowline)
    )
    resources = wanted(field)
    field.bring_about(field.reach, resources)
    change(field)
    singly = observe(field.sessions(), field.reach, resources)
    VERSIONS.clear()
    calls.made.clear()

    at_once = observe(field.sessions(), field.reach, resources, at_once=True)

    assert sorted(map(repr, at_once)) == sorted(map(repr, singly))
    assert calls.made[DETAILS] == 1
    assert {*calls.made} <= {DETAILS, "iam:GetInstanceProfile", "sts:AssumeRole"}


def test_an_empty_account_is_read_at_once(field: Field, calls: Calls) -> None:
    assert observe(field.sessions(), field.reach, wanted(field), at_once=True) == ()
    assert not calls.made["iam:GetRole"]


def test_roles_that_may_be_passed_are_among_them(field: Field, calls: Calls) -> None:
    field.iam.create_role(
        RoleName="web",
        Path="/spinnaker-ec2/",
        AssumeRolePolicyDocument=trusting(field.bowline),
    )
    sessions, resources = field.sessions(), wanted(field)
    observe(sessions, field.reach, resources, at_once=True)
    calls.made.clear()

    found = passed_roles(sessions, field.reach, resources, ("/spinnaker-ec2/*",))

    assert [one.name for one in found.roles] == ["web"]
    assert not calls.made


def test_what_was_read_is_over_once_something_is_written(field: Field) -> None:
    sessions, resources = field.sessions(), wanted(field)
    observe(sessions, field.reach, resources, at_once=True)

    apply(sessions, field.reach, Create(resources[0]), backoff_seconds=0)

    assert type(just_read(sessions, field.reach)) is AccountClient


@pytest.mark.smoke
def test_who_may_not_reads_one_by_one_and_asks_no_second_time(
    field: Field,
    calls: Calls,
) -> None:
    field.bring_about(field.reach, wanted(field))
    deny = {"Effect": "Deny", "Action": DETAILS, "Resource": "*"}
    field.iam.put_role_policy(
        RoleName=ACCESS_ROLE,
        PolicyName="Less",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [deny]}),
    )

    for _ in range(2):
        found = observe(field.sessions(), field.reach, wanted(field), at_once=True)
        assert {*found} == {*wanted(field)}

    assert calls.made[DETAILS] == 1


def test_nothing_is_asked_where_single_calls_are_as_few(
    field: Field,
    calls: Calls,
) -> None:
    few = [one for one in wanted(field) if one.kind == "instance profile"]

    observe(field.sessions(), field.reach, few, at_once=True)

    assert few
    assert not calls.made[DETAILS]


def page(number: int, *, more: bool) -> dict[str, Any]:
    found = {**role(f"r{number}", trusting_service(EC2)), "Tags": []}
    found.pop("Description", None)
    marker = {"Marker": f"m{number}"} if more else {}
    return {
        "RoleDetailList": [found],
        "Policies": [],
        "IsTruncated": more,
        **marker,
    }


@pytest.mark.parametrize(("count", "is_whole"), [(1, True), (2, True), (3, False)])
def test_of_a_large_account_no_more_pages_are_read_than_save_calls(
    count: int, is_whole: bool
) -> None:
    iam: Any = boto3.client("iam", "us-east-1")
    iam.signer = SimpleNamespace(session="")
    client = AccountClient(REACH.account_id, lambda *_: iam, once)
    asked = {"Filter": ["Role", "LocalManagedPolicy"], "MaxItems": PAGE}

    with Stubber(iam) as stubbed:
        for number in range(min(count, MOST_PAGES)):
            marker = {"Marker": f"m{number - 1}"} if number else {}
            answer = page(number, more=number < count - 1)
            stubbed.add_response(OPERATION, answer, {**asked, **marker})
        found = read_whole(Sessions("test"), client, REACH)
        again = SINGLY.get(REACH) is None
        stubbed.assert_no_pending_responses()

    assert (found is not client) is is_whole
    assert again is is_whole
    if is_whole:
        named = found.iam and found.call(iam.list_roles, "list roles")["Roles"]
        assert len(named) == count


def test_an_aws_that_is_too_busy_for_all_is_asked_for_each() -> None:
    iam: Any = boto3.client("iam", "us-east-1")
    iam.signer = SimpleNamespace(session="")
    client = AccountClient(REACH.account_id, lambda *_: iam, once)

    with Stubber(iam) as stubbed:
        stubbed.add_client_error(OPERATION, "Throttling", "Rate exceeded")
        found = read_whole(Sessions("test", patience=60.0), client, REACH)

    assert found is client
    assert not SINGLY


def test_who_may_not_enter_the_account_asks_for_nothing_else() -> None:
    def refused(*_: str) -> Any:
        raise AwsError(REACH.account_id, "sts:AssumeRole", "No.", code="AccessDenied")

    client = AccountClient(REACH.account_id, refused, once)

    with pytest.raises(AwsError):
        read_whole(Sessions("test"), client, REACH)

    assert not SINGLY


def test_roles_for_readers_need_not_read_at_once(field: Field) -> None:
    role = AccessRole(field.managing(), field.bowline)
    sids = [one["Sid"] for one in role.statements if one["Action"] == DETAILS]

    assert sids == ["ReadAtOnce"]
    assert DETAILS not in LOOK
