"""The access role as a template, and the commands that deploy it to an organization."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from onboarding.access_role import (
    ACCESS_ENTRIES,
    FILE,
    NAME,
    ORGANIZATIONS_OWN,
    AccessRole,
    stack_command,
    stack_set_commands,
    usable_name,
)
from onboarding.aws.discover import regions, try_access
from onboarding.aws.shared_clients import shared_core
from onboarding.topology import Reach
from tests.factories import MANAGING_ID, image_key, managing
from tests.onboarding.aws.field import Field
from tests.onboarding.cfn_lint import findings

DOCS = Path(__file__).parents[2] / "docs"
BOWLINE = f"arn:aws:iam::{MANAGING_ID}:role/tools/bowline"
OWN = "${AWS::AccountId}"
DESCRIBE_ORGANIZATION = "organizations:DescribeOrganization"


def role(**fields: Any) -> AccessRole:
    return AccessRole(managing(**fields), BOWLINE)


def resource_of(one: AccessRole) -> Any:
    template = yaml.safe_load(one.template)
    (made,) = template["Resources"].values()
    return made


def resolved(part: Any, *, clusters: bool) -> Any:
    """Do what CloudFormation does with conditions; leave the account's id as it is."""
    match part:
        case {"Fn::If": ["HasClusters", given, {"Ref": "AWS::NoValue"}]}:
            return resolved(given, clusters=clusters) if clusters else None
        case {"Fn::Sub": text}:
            return text
        case dict():
            return {k: resolved(v, clusters=clusters) for k, v in part.items()}
        case list():
            found = [resolved(one, clusters=clusters) for one in part]
            return [one for one in found if one is not None]
        case _:
            return part


def statements_of(one: AccessRole, *, clusters: bool = False) -> list[Any]:
    (held,) = resource_of(one)["Properties"]["Policies"]
    statements: list[Any] = resolved(
        held["PolicyDocument"]["Statement"], clusters=clusters
    )
    return statements


def documented() -> tuple[list[Any], str]:
    """Read the statements that are documented from `Look` on, and the text."""
    pages = ("aws-identity", "access-roles")
    text = "".join((DOCS / "install" / f"{page}.md").read_text() for page in pages)
    blocks = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    statements = json.loads(blocks[0])["Statement"]
    sids = [statement["Sid"] for statement in statements]
    return statements[sids.index("Look") :], text


def in_a_managed_account(statement: dict[str, Any]) -> dict[str, Any]:
    """Say it as the document says of managed accounts: their id, not the identity, and
    of the organization only which one it is.
    """
    actions = statement["Action"]
    if isinstance(actions, list):
        theirs = [a for a in actions if a.startswith("organizations:")]
        actions = [a for a in actions if a not in theirs or a == DESCRIBE_ORGANIZATION]
    resources = statement["Resource"]
    if isinstance(resources, list):
        resources = [one for one in resources if "SpinnakerAuthRole" not in one]
    text = json.dumps({**statement, "Action": actions, "Resource": resources})
    changed: dict[str, Any] = json.loads(text.replace("MANAGING", OWN))
    if len(changed["Action"]) == 1:
        (changed["Action"],) = changed["Action"]
    return changed


def test_it_trusts_bowlines_identity_and_nobody_else() -> None:
    trust = resource_of(role())["Properties"]["AssumeRolePolicyDocument"]

    assert trust["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"AWS": BOWLINE},
            "Action": "sts:AssumeRole",
        }
    ]


def test_its_policy_is_the_documented_one() -> None:
    statements, _ = documented()

    found = [in_a_managed_account(statement) for statement in statements]

    assert statements_of(role()) == found


def test_with_a_boundary_only_roles_that_have_it_get_permissions() -> None:
    page = (DOCS / "install" / "aws-identity.md").read_text()
    block = re.findall(r"```json\n(.*?)```", page, re.DOTALL)[2]
    cap = f"arn:aws:iam::{MANAGING_ID}:policy/BOUNDARY"

    found = statements_of(role(boundary=cap))

    first = [one["Sid"] for one in found].index("BoundedRoles")
    instead = [in_a_managed_account(one) for one in json.loads(block)]
    assert found[first : first + 2] == instead
    others = [one for one in found if one not in instead]
    assert others == [one for one in statements_of(role()) if one["Sid"] != "OwnRoles"]


def test_access_entries_are_left_to_whoever_deploys_it() -> None:
    _, text = documented()

    *others, entries = statements_of(role(), clusters=True)

    assert others == statements_of(role())
    assert entries["Action"] == list(ACCESS_ENTRIES)
    assert set(entries["Action"]) == set(
        re.findall(r"`(eks:(?:Create|Delete|\w*sociate|Tag)\w+)`", text)
    )
    assert entries["Resource"] == [
        f"arn:aws:eks:*:{OWN}:cluster/*",
        f"arn:aws:eks:*:{OWN}:access-entry/*",
    ]


def test_keys_of_images_are_granted_to_the_accounts_own_role_only() -> None:
    *others, keys, grants = statements_of(role(image_keys=(image_key(),)))

    of_managing = f"arn:aws:kms:*:{MANAGING_ID}:key/*"
    assert others == statements_of(role())
    assert (keys["Action"], keys["Resource"]) == (
        ["kms:ListGrants", "kms:RevokeGrant"],
        of_managing,
    )
    assert (grants["Action"], grants["Resource"]) == ("kms:CreateGrant", of_managing)
    (grantee,) = grants["Condition"]["StringLike"].values()
    assert grantee.startswith(f"arn:aws:iam::{OWN}:role/aws-service-role/autoscaling")


def test_what_the_installation_calls_its_roles_is_what_it_may_change() -> None:
    text = AccessRole(
        managing(managed_role="Deployer", base_role="Instances", partition="aws-cn"),
        BOWLINE,
        name="Enter",
    ).template

    assert f"arn:aws-cn:iam::{OWN}:role/Deployer" in text
    assert f"arn:aws-cn:iam::{OWN}:instance-profile/Instances" in text
    assert 'RoleName: "Enter"' in text
    assert "spinnakerManaged" not in text


@pytest.mark.parametrize("keys", [(), (image_key(),)], ids=["no keys", "keys"])
def test_cfn_lint_finds_nothing(tmp_path: Path, keys: tuple[str, ...]) -> None:
    file = tmp_path / FILE
    file.write_text(role(image_keys=keys).template)

    assert findings([file]) == []


def test_a_role_that_aws_makes_itself_is_not_made_again() -> None:
    names = [usable_name(one) for one in ("", ORGANIZATIONS_OWN, "Enter")]

    assert names == [NAME, NAME, "Enter"]


def test_bowline_may_assume_it_in_accounts_of_its_organization() -> None:
    (statement,) = role().own_policy["Statement"]

    assert statement["Resource"] == [
        f"arn:aws:iam::*:role/{NAME}",
        "arn:aws:iam::*:role/BowlineReader",
    ]
    assert statement["Condition"] == {
        "StringEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}
    }


def members_of(shape: Any) -> set[str]:
    """Name a call's parameters as the command line does."""
    return {
        re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
        for name in (shape.members if shape else {})
    }


@pytest.mark.parametrize(
    "command", stack_set_commands("eu-west-1"), ids=lambda one: one.text.split()[2]
)
def test_each_command_is_one_that_aws_knows(command: Any) -> None:
    aws, service, operation, *words = shlex.split(command.text)

    model = shared_core().get_service_model(service)
    name = "".join(word.title() for word in operation.split("-"))
    options = {word.removeprefix("--") for word in words if word.startswith("--")}
    assert aws == "aws"
    assert options - {"region"} <= members_of(model.operation_model(name).input_shape)


def test_the_set_is_the_organizations_own_and_in_one_region() -> None:
    _, create, instances = (one.text for one in stack_set_commands("eu-west-1"))

    assert "--permission-model SERVICE_MANAGED" in create
    assert f"--template-body file://{FILE}" in create
    assert "--deployment-targets OrganizationalUnitIds=" in instances
    assert "--regions eu-west-1 " in instances


def test_the_management_account_has_a_stack_of_its_own() -> None:
    command = stack_command("eu-west-1")

    assert "which no such StackSet covers" in command.says
    assert command.text.startswith("aws cloudformation deploy ")


def test_the_document_has_the_commands_and_the_template() -> None:
    """`REWRITE_DOCS=1 pytest tests/onboarding/test_access_role.py` writes the file."""
    _, text = documented()
    example = AccessRole(managing(), "arn:aws:iam::MANAGING:role/BOWLINE").template
    file = DOCS / "examples" / FILE
    if os.environ.get("REWRITE_DOCS"):
        file.write_text(example)

    for command in (*stack_set_commands("us-east-1"), stack_command("us-east-1")):
        assert f"# {command.says}\n{command.text}\n" in text
    assert file.read_text() == example


def test_deployed_it_lets_bowline_into_an_account(field: Field) -> None:
    reach = Reach(field.managed_id, NAME)
    before = try_access(field.sessions(), reach)
    bowline = field.sessions().whoami().principal
    text = AccessRole(field.managing(), bowline).template
    client = field.root(field.managed_id, "cloudformation")

    client.create_stack(
        StackName="access",
        TemplateBody=text,
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    client.get_waiter("stack_create_complete").wait(
        StackName="access", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )

    assert not before.works
    assert try_access(field.sessions(), reach).works
    assert "us-east-1" in regions(field.sessions(), reach)


@pytest.mark.parametrize("fields", [{}, {"bakes": True, "image_keys": (image_key(),)}])
def test_terraform_has_the_same_trust_and_statements(fields: dict[str, Any]) -> None:
    one = role(**fields)

    written = json.loads(one.terraform)

    made = written["resource"]
    here = "${data.aws_caller_identity.here.account_id}"
    trust = made["aws_iam_role"]["access"]["assume_role_policy"]
    assert json.loads(trust) == one.trust
    policies = made["aws_iam_role_policy"]
    held = [
        statement
        for each in policies.values()
        for statement in json.loads(each["policy"].replace(here, OWN))["Statement"]
    ]
    by_name = sorted(held, key=lambda one: one["Sid"])
    assert by_name == sorted(one.statements, key=lambda one: one["Sid"])
    assert policies["clusters"]["count"] == "${var.clusters ? 1 : 0}"
    assert written["variable"]["clusters"]["default"] is False
    assert "provider" not in written
