"""What a role has to be where something else manages it."""

from __future__ import annotations

import json

import yaml

from onboarding.handoff.existing_role import in_tools
from onboarding.resources.kinds import Attachment, InlinePolicy, Role
from onboarding.resources.policy import Policy

ACCOUNT, NAME = "1" * 12, "spinnakerManaged"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::222222222222:role/spinnaker"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "a${b}%{c}"}},
        }
    ],
}
ARN = f"arn:aws:iam::{ACCOUNT}:policy/bowline/BowlineEc2"
WANTED = (
    Role(account=ACCOUNT, name=NAME, trust=Policy.of(TRUST)),
    Attachment(account=ACCOUNT, holder=NAME, policy_arn=ARN),
    Attachment(account=ACCOUNT, holder="another", policy_arn=f"{ARN}Other"),
    InlinePolicy(
        account=ACCOUNT, role=NAME, policy="Inside", document=Policy.of(TRUST)
    ),
    Role(account=ACCOUNT, name="another", trust=Policy.of(TRUST)),
)


def test_a_role_is_written_as_cloudformation_reads_it() -> None:
    (one,) = in_tools(WANTED, [NAME])

    assert yaml.safe_load(one.cloudformation) == {
        "AssumeRolePolicyDocument": TRUST,
        "ManagedPolicyArns": [ARN],
        "Policies": [{"PolicyName": "Inside", "PolicyDocument": TRUST}],
    }


def test_a_role_is_written_as_terraform_reads_it() -> None:
    (one,) = in_tools(WANTED, [NAME])

    trust, rest = one.terraform.split("\nmanaged_policy_arns = ")
    document = trust.removeprefix("assume_role_policy = jsonencode(")
    written = document.removesuffix(")").replace("$${", "${").replace("%%{", "%{")
    assert json.loads(written) == TRUST
    assert "a$${b}%%{c}" in trust  # Terraform would fill in the values of b and c
    assert rest.startswith(json.dumps([ARN], indent=2))
    assert 'inline_policy {\n  name   = "Inside"\n  policy = jsonencode({' in rest
