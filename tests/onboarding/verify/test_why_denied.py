"""Ten faults, planted by hand, each located; docs/developers/denials.md is their table.

`REWRITE_DOCS=1 pytest tests/onboarding/verify/test_why_denied.py` rewrites it.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.config import Config

from onboarding.aws.errors import AwsError
from onboarding.aws.session import SYSTEM, Backoff
from onboarding.checks import Outcome
from onboarding.desired.managed import managed_role
from onboarding.providers.ec2 import Ec2
from onboarding.verify.result import IN_WORDS, Located, Result
from tests.onboarding.aws.field import Field, trusting
from tests.onboarding.verify.verified import Verified

DOCS = Path(__file__).parents[3] / "docs"
TABLE = DOCS / "developers" / "denials.md"
ROLE = "spinnakerManaged"
ASSUME = "Assume the managed role"
PROFILE = "Find the instance profile BaseIAMRole"
SERVER_GROUPS = "List server groups in us-east-1"


def document(effect: str, *actions: str) -> str:
    statement = {"Effect": effect, "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def wrong_account(field: Field) -> None:
    field.iam.update_assume_role_policy(
        RoleName=ROLE, PolicyDocument=trusting("933333333333")
    )


def missing_managing_policy(field: Field) -> None:
    field.root(field.managing_id).detach_role_policy(
        RoleName="SpinnakerAuthRole",
        PolicyArn=f"arn:aws:iam::{field.managing_id}:policy/bowline/managing/"
        "BowlineAssumeManaged",
    )


def wrong_external_id(field: Field) -> None:
    other = managed_role(field.managing(), field.managed(external_id="of-yesterday"))
    field.iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=other.trust.text)


def small_boundary(field: Field) -> None:
    boundary = field.iam.create_policy(
        PolicyName="Boundary",
        PolicyDocument=document("Allow", "ec2:*", "cloudwatch:*", "iam:*"),
    )
    field.iam.put_role_permissions_boundary(
        RoleName=ROLE, PermissionsBoundary=boundary["Policy"]["Arn"]
    )


def explicit_deny(field: Field) -> None:
    field.iam.put_role_policy(
        RoleName=ROLE,
        PolicyName="Guardrail",
        PolicyDocument=document(
            "Deny", "iam:CreateUser", "autoscaling:DescribeAutoScalingGroups"
        ),
    )


def missing_role(field: Field) -> None:
    for policy in attached(field):
        field.iam.detach_role_policy(RoleName=ROLE, PolicyArn=policy["PolicyArn"])
    for name in field.iam.list_role_policies(RoleName=ROLE)["PolicyNames"]:
        field.iam.delete_role_policy(RoleName=ROLE, PolicyName=name)
    field.iam.delete_role(RoleName=ROLE)


def attached(field: Field) -> list[dict[str, Any]]:
    answer = field.iam.list_attached_role_policies(RoleName=ROLE)
    found: list[dict[str, Any]] = answer["AttachedPolicies"]
    return found


def other_path(field: Field) -> None:
    missing_role(field)
    field.iam.create_role(
        RoleName=ROLE,
        Path="/legacy/",
        # AWS would refuse any; the emulator finds roles by name, whatever the path.
        AssumeRolePolicyDocument=trusting("933333333333"),
    )


def missing_profile(field: Field) -> None:
    name = "BaseIAMRole"
    field.iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=name)
    field.iam.delete_instance_profile(InstanceProfileName=name)


def detached_policy(field: Field) -> None:
    for policy in attached(field):
        name = policy["PolicyName"]
        if name.startswith("BowlineCaching"):
            field.iam.detach_role_policy(RoleName=ROLE, PolicyArn=policy["PolicyArn"])


def expired_credentials(field: Field) -> None:
    """Give Bowline a session that lasts a second, and wait until it is over."""
    sts = boto3.client(
        "sts",
        region_name="us-east-1",
        endpoint_url=field.endpoint,
        config=Config(parameter_validation=False),
    )
    session = sts.assume_role(
        RoleArn=f"arn:aws:iam::{field.managed_id}:role/Access",
        RoleSessionName="old",
        DurationSeconds=1,
    )["Credentials"]
    os.environ["AWS_ACCESS_KEY_ID"] = session["AccessKeyId"]
    os.environ["AWS_SECRET_ACCESS_KEY"] = session["SecretAccessKey"]
    os.environ["AWS_SESSION_TOKEN"] = session["SessionToken"]
    late = AwsError("", "", "It is not over yet.", code="AccessDenied")

    def over() -> None:
        try:
            field.sessions().whoami()
        except AwsError:
            return
        raise late

    Backoff(10, clock=SYSTEM).until_done(over, "", again=lambda error: True)


class Fault(NamedTuple):
    what: str
    plant: Callable[[Field], None]
    located: Located
    check: str
    marked: str
    """What stands in the line that is marked."""
    change: str
    """What the command that fixes it holds."""


FAULTS = (
    Fault(
        "Wrong account in the trust policy",
        wrong_account,
        Located.THEIR_TRUST,
        ASSUME,
        '"Principal": {',
        "iam update-assume-role-policy --role-name spinnakerManaged",
    ),
    Fault(
        "The managing policy is not attached",
        missing_managing_policy,
        Located.OUR_POLICY,
        ASSUME,
        '"Action": "sts:AssumeRole",',
        "iam attach-role-policy --role-name SpinnakerAuthRole",
    ),
    Fault(
        "Wrong external ID",
        wrong_external_id,
        Located.CONDITION,
        ASSUME,
        '"sts:ExternalId": "of-yesterday"',
        "iam update-assume-role-policy --role-name spinnakerManaged",
    ),
    Fault(
        "Permissions boundary too small",
        small_boundary,
        Located.BOUNDARY,
        SERVER_GROUPS,
        '"Statement": [',
        "iam create-policy-version --policy-arn",
    ),
    Fault(
        "Explicit deny in somebody else's policy",
        explicit_deny,
        Located.THEIR_POLICY,
        SERVER_GROUPS,
        '"autoscaling:DescribeAutoScalingGroups"',
        "iam put-role-policy --role-name spinnakerManaged",
    ),
    Fault(
        "The managed role is missing",
        missing_role,
        Located.ABSENT,
        ASSUME,
        "",
        "iam create-role --role-name spinnakerManaged",
    ),
    Fault(
        "The managed role exists at another path",
        other_path,
        Located.ABSENT,
        ASSUME,
        '"Path": "/legacy/",',
        "",
    ),
    Fault(
        "The instance profile is missing",
        missing_profile,
        Located.ABSENT,
        PROFILE,
        "",
        "iam create-instance-profile",
    ),
    Fault(
        "A provider's policy is detached",
        detached_policy,
        Located.OUR_POLICY,
        SERVER_GROUPS,
        '"autoscaling:DescribeAutoScalingGroups",',
        "iam attach-role-policy --role-name spinnakerManaged",
    ),
    Fault(
        "Bowline's own credentials have expired",
        expired_credentials,
        Located.BOWLINE,
        "Bowline's own identity",
        "",
        "",
    ),
)


@pytest.fixture(scope="module")
def told(emulator: str) -> dict[str, tuple[Field, Result]]:
    """Plant each fault in accounts of its own, and verify them."""
    fields = [(fault, Field(emulator)) for fault in FAULTS]
    return {fault.what: (field, planted(field, fault)) for fault, field in fields}


def planted(field: Field, fault: Fault) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_SESSION_TOKEN", "")
        patch.delenv("AWS_SESSION_TOKEN")  # set first, so that it is put back
        for name, value in field.prepare().items():
            patch.setenv(name, value)
        verified = Verified(field, field.managing(), field.managed(Ec2())).stand()
        fault.plant(field)
        return verified.found(fault.check)


@pytest.fixture(params=FAULTS, ids=lambda fault: fault.plant.__name__)
def fault(request: pytest.FixtureRequest) -> Fault:
    one: Fault = request.param
    return one


Told = dict[str, tuple[Field, Result]]


def test_the_fault_is_located(told: Told, fault: Fault) -> None:
    _, result = told[fault.what]

    assert (result.outcome, result.located) == (Outcome.FAILED, fault.located)


def test_the_deciding_line_is_marked(told: Told, fault: Fault) -> None:
    _, result = told[fault.what]

    lines = ["", *result.document.splitlines()]
    assert lines[result.line].strip() == fault.marked


def test_the_change_is_a_command_that_a_shell_takes(told: Told, fault: Fault) -> None:
    _, result = told[fault.what]

    assert fault.change in result.change
    assert result.change == "" or shlex.split(result.change)[0] == "aws"


def test_the_table_in_the_docs_is_what_is_told(told: Told) -> None:
    written = "".join(page(told))

    if os.environ.get("REWRITE_DOCS"):
        TABLE.write_text(written, encoding="utf-8")

    assert TABLE.read_text(encoding="utf-8") == written


def page(told: Told) -> Iterator[str]:
    yield HEAD
    for fault in FAULTS:
        field, result = told[fault.what]
        cells = (
            fault.what,
            f"**{result.located}**",
            result.name,
            result.sentence,
            f"`{fault.marked}`" if fault.marked else "–",
            result.fix,
        )
        row = " | ".join(cell.replace("|", "\\|") for cell in cells)
        yield f"| {plain(row, field)} |\n"
    yield TAIL


def plain(text: str, field: Field) -> str:
    """Write the same account ids whichever the test took."""
    text = text.replace(field.endpoint, "https://sts.us-east-1.amazonaws.com")
    text = text.replace(field.managing_id, "111111111111")
    return text.replace(field.managed_id, "222222222222")


HEAD = """\
# How denials are located

Ten faults, planted in an AWS emulator that enforces IAM, and what Bowline says of each.
A test fails if this table is out of date. To rewrite it:
`REWRITE_DOCS=1 pytest tests/onboarding/verify/test_why_denied.py`.

| planted | located | check | what is said | marked line | how to fix it |
|---|---|---|---|---|---|
"""
TAIL = """
No document in either account shows what an organization or an endpoint denies. That is
called “denied higher up” only if everything that Bowline can read allows the call, or
if AWS itself names such a policy. The emulator does not support these policies, and
finds roles by name whatever their path: the first is tested with AWS's own messages,
and in the row about the path the trust policy denies everyone as well.
"""


@pytest.mark.parametrize("located", Located)
def test_the_docs_say_what_to_do_about_each_place(located: Located) -> None:
    table = (DOCS / "operate" / "troubleshooting.md").read_text()

    assert f"\n| {IN_WORDS[located]} | `{located}` |" in table
