"""What a session of the managed role can and cannot do in an AWS that enforces IAM.

The emulator does not enforce PassRole: test_policies.py evaluates the documents for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import Shape

from onboarding.aws.errors import AwsError
from onboarding.desired.managed import managed_side
from onboarding.providers.base import Provider
from onboarding.resources.kinds import Attachment, InlinePolicy
from onboarding.review.evidence import EvidenceSide, all_evidence
from script.emulated_organization import seed_service_linked_role
from tests.factories import provider, side_of
from tests.onboarding.aws.field import ADMINISTRATOR, Field, trusting

DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "NotAuthorized",
    "AccessDeniedFault",
}
EXTERNAL_ID = "3f1c-9a"
UNENFORCED = ["application-autoscaling:DescribeScalableTargets"]
"""The emulator answers these to everybody; test_policies.py evaluates them too."""

CLASSIC = {"DescribeInstanceHealth"}
OF_DEPLOYMENTS = {
    "ec2:DescribeInternetGateways",
    "ec2:DescribeVpcClassicLink",
}


def caching_reads(*providers: str) -> list[str]:
    """Name what Clouddriver's agents read for these providers, EC2's always."""
    return sorted(
        {
            served.action
            for served, found in all_evidence().items()
            if served.side == EvidenceSide.MANAGED
            and served.provider in {"ec2", *providers}
            and found.required
            and found.access == "read"
            and not served.action.startswith("s3:")
        }
    )


def filled(shape: Shape | None) -> Any:
    """Make up what an operation's input requires, of the right types."""
    match shape.type_name if shape else "":
        case "structure":
            assert shape is not None
            return {
                name: filled(shape.members[name]) for name in shape.required_members
            }
        case "list":
            return [filled(shape.member)]
        case "integer" | "long":
            return 1
        case "boolean":
            return True
        case "map" | "":
            return {}
        case _:
            return shape.enum[0] if getattr(shape, "enum", None) else "a-made-up-name"


class Session:
    """A session of the managed role, as Clouddriver would have it."""

    def __init__(self, field: Field, *providers: Provider, bare: bool = False) -> None:
        self.field = field
        core, account = field.managing(), field.managed(*providers)
        seed_service_linked_role(field.iam)
        field.bring_about(field.own, tuple(side_of(field.topology(*providers))))
        side = tuple(managed_side(core, account))
        if bare:
            side = tuple(
                r for r in side if not isinstance(r, Attachment | InlinePolicy)
            )
        field.bring_about(field.reach, side)
        sessions = field.sessions()
        identity = sessions.assume(core.identity_arn, session_name="test")
        self.credentials = sessions.assume(
            core.managed_role_arn(account.account_id),
            session_name="Spinnaker",
            external_id=EXTERNAL_ID,
            source=identity,
        )

    @property
    def function(self) -> str:
        return f"arn:aws:lambda:us-east-1:{self.field.managed_id}:function:web"

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=self.field.endpoint,
            aws_access_key_id=self.credentials.access_key,
            aws_secret_access_key=self.credentials.secret_key,
            aws_session_token=self.credentials.token,
            config=Config(parameter_validation=False, retries={"max_attempts": 1}),
        )

    def is_denied(self, action: str, **parameters: Any) -> bool:
        """Call the action with made-up parameters; any other error is no denial."""
        service, operation = action.split(":")
        if service == "elasticloadbalancing":
            service = "elb" if operation in CLASSIC else "elbv2"
        if action == "lambda:ListTags":
            parameters = {"Resource": self.function}
        client = self.client(service)
        model = client.meta.service_model.operation_model(operation)
        method = next(
            m for m, o in client.meta.method_to_api_mapping.items() if o == operation
        )
        try:
            getattr(client, method)(**{**filled(model.input_shape), **parameters})
        except ClientError as error:
            return error.response["Error"]["Code"] in DENIED
        return False


def every() -> list[Provider]:
    return [chosen(key) for key in ("ec2", "ecs", "lambda")]


def chosen(key: str) -> Provider:
    stacks = {"stack_roles_path": "/spinnaker-cfn/"} if key == "ec2" else {}
    return provider(key, **stacks)


@pytest.mark.parametrize(
    "keys", [("ec2",), ("ecs",), ("lambda",), ("ec2", "ecs", "lambda")]
)
def test_a_session_can_make_every_read_of_the_caching_agents(
    field: Field, keys: tuple[str, ...]
) -> None:
    session = Session(field, *map(chosen, keys))

    denied = [action for action in caching_reads(*keys) if session.is_denied(action)]

    if "ec2" not in keys:
        denied = [action for action in denied if action not in OF_DEPLOYMENTS]
    assert denied == []


def test_without_its_policies_the_same_reads_are_denied(field: Field) -> None:
    """So that the test above proves the policies, and not an emulator that nods."""
    session = Session(field, provider("ec2"), bare=True)
    reads = caching_reads("ec2", "ecs", "lambda")

    allowed = [action for action in reads if not session.is_denied(action)]

    assert allowed == UNENFORCED


def test_a_session_cannot_make_a_user(field: Field) -> None:
    assert Session(field, *every()).is_denied("iam:CreateUser")


def test_a_session_cannot_change_what_it_is_allowed(field: Field) -> None:
    session = Session(field, *every())

    own = {"RoleName": "spinnakerManaged", "PolicyName": "More"}
    document = '{"Version":"2012-10-17","Statement":[]}'
    assert session.is_denied("iam:PutRolePolicy", **own, PolicyDocument=document)
    assert session.is_denied(
        "iam:AttachRolePolicy", RoleName="spinnakerManaged", PolicyArn=ADMINISTRATOR
    )
    assert session.is_denied(
        "iam:UpdateAssumeRolePolicy",
        RoleName="spinnakerManaged",
        PolicyDocument=document,
    )


def test_a_session_lists_secrets_and_reads_none(field: Field) -> None:
    field.root(field.managed_id, "secretsmanager").create_secret(
        Name="password", SecretString="hidden"
    )
    session = Session(field, *every())

    assert not session.is_denied("secretsmanager:ListSecrets")
    assert session.is_denied("secretsmanager:GetSecretValue", SecretId="password")


def test_a_session_cannot_go_on_to_another_account(field: Field) -> None:
    other = Field(field.endpoint)
    other.root(other.managed_id).create_role(
        RoleName="spinnakerManaged",
        AssumeRolePolicyDocument=trusting(field.managed_id),
    )
    session = Session(field, *every())

    there = f"arn:aws:iam::{other.managed_id}:role/spinnakerManaged"
    assert session.is_denied("sts:AssumeRole", RoleArn=there)


def test_a_session_sees_its_own_account_only(field: Field) -> None:
    other = Field(field.endpoint)
    for account, name in ((field.managed_id, "own"), (other.managed_id, "foreign")):
        field.root(account, "ec2").create_key_pair(KeyName=name)
    session = Session(field, *every())

    pairs = session.client("ec2").describe_key_pairs()["KeyPairs"]

    assert [pair["KeyName"] for pair in pairs] == ["own"]


def test_a_session_that_only_reads_changes_nothing(field: Field) -> None:
    readers = [provider(key, access="read") for key in ("ec2", "ecs", "lambda")]
    session = Session(field, *readers)

    writes = (
        "autoscaling:DeleteAutoScalingGroup",
        "ec2:TerminateInstances",
        "ecs:DeleteService",
        "elasticloadbalancing:DeleteTargetGroup",
        "lambda:DeleteFunction",
    )
    assert [action for action in writes if not session.is_denied(action)] == []


@pytest.mark.parametrize(
    ("sent", "opens"), [("new", True), ("former", True), ("other", False), ("", False)]
)
def test_both_external_ids_open_the_role_in_the_middle_of_a_rotation(
    field: Field, sent: str, opens: bool
) -> None:
    ids = {"external_id": "new", "former_external_id": "former"}
    account = field.managed(provider("ec2"), **ids)
    core = field.managing()
    field.bring_about(field.own, tuple(side_of(field.topology(provider("ec2")))))
    field.bring_about(field.reach, tuple(managed_side(core, account)))
    sessions = field.sessions()
    identity = sessions.assume(core.identity_arn, session_name="test")

    def assume() -> None:
        sessions.assume(
            core.managed_role_arn(account.account_id),
            session_name="Spinnaker",
            external_id=sent,
            source=identity,
        )

    assert succeeds(assume) is opens


def succeeds(call: Callable[[], None]) -> bool:
    try:
        call()
    except AwsError as error:
        if not error.denied:
            raise
        return False
    return True


def test_a_boundary_caps_the_role_and_leaves_nothing_to_change(field: Field) -> None:
    caching = {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}
    field.iam.create_policy(
        PolicyName="Cap",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [caching]}),
    )
    core = field.managing(boundary=f"arn:aws:iam::{field.managing_id}:policy/Cap")
    side = tuple(managed_side(core, field.managed(provider("ec2"))))

    field.bring_about(field.reach, side)

    role = field.iam.get_role(RoleName="spinnakerManaged")["Role"]
    boundary = role["PermissionsBoundary"]["PermissionsBoundaryArn"]
    assert boundary == f"arn:aws:iam::{field.managed_id}:policy/Cap"
    assert field.left(field.reach, side) == ()
