"""The commands of a hand-off for any POSIX shell, and the console's page that
does the same.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from onboarding.access_role import Command, over_lines
from onboarding.partitions import PARTITIONS
from onboarding.resources.kinds import KeyGrant, ServiceLinkedRole
from onboarding.spinnaker.bundle.archive import File

CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-cn": "console.amazonaws.cn",
}


@dataclass(frozen=True, slots=True)
class TemplateBucket:
    """Where Bowline may put templates, and nothing else."""

    name: str
    region: str
    prefix: str = ""
    """Such as `bowline/`."""

    def key(self, text: str) -> str:
        return f"{self.prefix}{hashlib.sha256(text.encode()).hexdigest()}.yml"

    def url(self, text: str) -> str:
        """Say where the template is: the console takes a URL of S3 itself only."""
        partition = next(p for p in PARTITIONS.values() if self.region in p.regions)
        host = f"{self.name}.s3.{self.region}.{partition.dns_suffix}"
        return f"https://{host}/{quote(self.key(text))}"


def quick_create(partition: str, stack: Stack, template_url: str) -> str:
    """Return the link. It only creates: of a later version the console needs the stack.

    The query is behind the #, and there each parameter is called param_NAME.
    """
    console = f"https://{stack.region}.{CONSOLES[partition]}/cloudformation/home"
    asked = {
        "templateURL": template_url,
        "stackName": stack.name,
        **{f"param_{name}": value for name, value in stack.parameters.items()},
    }
    query = urlencode(asked, quote_via=quote, safe="")
    return f"{console}?region={stack.region}#/stacks/quickcreate?{query}"


END = "END_OF_TEMPLATE"


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack in one region: its template, and what its parameters are given."""

    name: str
    region: str
    template: File
    parameters: Mapping[str, str]

    @property
    def named(self) -> str:
        return (
            f"--region {shlex.quote(self.region)} --stack-name {shlex.quote(self.name)}"
        )


def deploy(stack: Stack) -> str:
    """Create the stack or update it, whichever it takes."""
    given = [shlex.quote(f"{name}={value}") for name, value in stack.parameters.items()]
    return over_lines(
        f"aws cloudformation deploy {stack.named}",
        f"--template-file {shlex.quote(stack.template.path)}",
        *([f"--parameter-overrides {' '.join(given)}"] if given else []),
        "--capabilities CAPABILITY_NAMED_IAM --no-fail-on-empty-changeset",
    )


def state(stack: Stack) -> str:
    """Print what a stack's state is, and what its parameter was given."""
    return over_lines(
        f"aws cloudformation describe-stacks {stack.named}",
        "--query 'Stacks[0].[StackStatus, Parameters[0].ParameterValue]' --output text",
    )


WITH_TERRAFORM = (
    "If Terraform created the resources, run terraform destroy in its folder instead."
)


def exists(stack: Stack) -> str:
    """Fail where there is no such stack: AWS deletes one that isn't there, too."""
    return (
        f"{{ aws cloudformation describe-stacks {stack.named} > /dev/null ||\n"
        "  { echo 'Nothing was deleted: the stack was not found. "
        f"{WITH_TERRAFORM}' >&2; false; }}; }}"
    )


def delete(stack: Stack) -> str:
    return " &&\n".join(
        f"aws cloudformation {verb} {stack.named}"
        for verb in ("delete-stack", "wait stack-delete-complete")
    )


def service_linked_role(linked: ServiceLinkedRole) -> Command:
    """Create it unless the account has it: AWS makes it once an account."""
    service = shlex.quote(linked.name)
    path = shlex.quote(f"/aws-service-role/{linked.name}/")
    found = f"aws iam list-roles --path-prefix {path} --query 'Roles[].RoleName'"
    return Command(
        f"In CloudShell, create AWS's own role of {linked.name}, where the account "
        "does not have it.",
        f'{{ test -n "$({found} --output text)" ||\n'
        f"  aws iam create-service-linked-role --aws-service-name {service}; }}",
    )


def key_grant(grant: KeyGrant) -> Command:
    request = shlex.quote(json.dumps(grant.request))
    return Command(
        "In CloudShell, allow Auto Scaling of this account to use the key "
        f"{grant.key_arn}.",
        f"aws kms create-grant --region {grant.region} --cli-input-json {request}",
    )


def in_account(account_id: str, *commands: str) -> str:
    """Run the commands one after the other, in that account and no other; empty where
    there are none, since a shell takes no `if` without a command.
    """
    if not commands:
        return ""
    found = "$(aws sts get-caller-identity --query Account --output text)"
    return "\n".join(
        (
            f'if test "{found}" = {account_id}; then',
            " &&\n".join(commands),
            f"else echo 'These credentials are not of account {account_id}. "
            "Nothing was changed.' >&2; false; fi",
        )
    )


def here_document(file: File) -> str:
    """Write a file from within a script; no line of it is long enough to be cut."""
    return f"cat > {shlex.quote(file.path)} <<'{END}'\n{file.text}{END}"


def script(command: str) -> str:
    return f'#!/bin/sh\nset -e\ncd "$(dirname "$0")"\n{command}\n'
