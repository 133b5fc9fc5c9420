"""The commands for an organization's administrator: a StackSet in exactly one region.

Bowline does not run them: whoever may deploy a StackSet may create anything anywhere.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from onboarding.access_role import (
    EVERYWHERE,
    Command,
    given_parameters,
    over_lines,
    stack_set_commands,
    template_body,
)
from onboarding.handoff.scripts import Stack, deploy

FOLDER = "stack-set"
ACCOUNTS = "accounts.txt"
"""The ids of the accounts that Bowline knows, one a line."""
UNIT = "ou-EXAMPLE"
ONLY_THESE = f"Accounts=$(paste -sd, {ACCOUNTS}),AccountFilterType=INTERSECTION"
ROLES = (
    "AWSCloudFormationStackSetAdministrationRole",
    "AWSCloudFormationStackSetExecutionRole",
)
"""What AWS's own instructions for self-managed StackSets create."""


def commands(stack: Stack) -> Iterator[Command]:
    """Yield what creates the StackSet of that template by the organization's own
    permissions, and what updates it.
    """
    yield from stack_set_commands(
        stack.region,
        stack_set=stack.name,
        file=stack.template.path,
        parameters=stack.parameters,
    )
    yield Command(
        f"Or create it only in the accounts that {ACCOUNTS} lists, and in no other "
        "account of the unit:",
        over_lines(
            f"aws cloudformation create-stack-instances {stack_set_options(stack)}",
            f'--deployment-targets "OrganizationalUnitIds={UNIT},{ONLY_THESE}"',
            f"--regions {shlex.quote(stack.region)}",
            EVERYWHERE,
        ),
    )
    yield progress(stack)
    yield update(stack)
    yield not_covered(stack)


def self_managed(stack: Stack) -> Iterator[Command]:
    """Yield the same for an administrator who has roles of their own in the accounts,
    but no trusted access to the organization.
    """
    yield Command(
        "Define the roles once for all accounts:",
        over_lines(
            f"aws cloudformation create-stack-set {stack_set_options(stack)}",
            template_body(stack.template.path),
            "--permission-model SELF_MANAGED --capabilities CAPABILITY_NAMED_IAM",
            "--managed-execution Active=true",
            *given_parameters(stack.parameters),
        ),
    )
    yield Command(
        f"Create them in the accounts that {ACCOUNTS} lists:",
        over_lines(
            f"aws cloudformation create-stack-instances {stack_set_options(stack)}",
            f"--accounts $(cat {ACCOUNTS}) --regions {shlex.quote(stack.region)}",
            EVERYWHERE,
        ),
    )
    yield progress(stack)
    yield update(stack)


def stack_set_options(stack: Stack) -> str:
    return (
        f"--stack-set-name {shlex.quote(stack.name)} "
        f"--region {shlex.quote(stack.region)}"
    )


def progress(stack: Stack) -> Command:
    return Command(
        "The operation can succeed although some accounts failed. List these, with "
        "the reason:",
        over_lines(
            f"aws cloudformation list-stack-instances {stack_set_options(stack)}",
            "--filters Name=DETAILED_STATUS,Values=FAILED",
            "--query 'Summaries[].[Account,StatusReason]' --output text",
        ),
    )


def update(stack: Stack) -> Command:
    kept = [f"ParameterKey={name},UsePreviousValue=true" for name in stack.parameters]
    return Command(
        "For a later version of the template, update all accounts that have it:",
        over_lines(
            f"aws cloudformation update-stack-set {stack_set_options(stack)}",
            template_body(stack.template.path),
            "--capabilities CAPABILITY_NAMED_IAM",
            *([f"--parameters {' '.join(kept)}"] if kept else []),
            EVERYWHERE,
        ),
    )


def not_covered(stack: Stack) -> Command:
    return Command(
        "No StackSet covers the organization's management account. If Spinnaker "
        "deploys to that account, too, create a stack in it:",
        deploy(stack),
    )


def taken_out(stacks: Iterable[Stack], account_id: str) -> Iterator[Command]:
    """Yield what deletes the roles in one account, and leaves those of the others."""
    for stack in stacks:
        deletes = (
            f"aws cloudformation delete-stack-instances {stack_set_options(stack)}"
        )
        regions = f"--regions {shlex.quote(stack.region)} --no-retain-stacks"
        one = f"OrganizationalUnitIds={UNIT},Accounts={account_id}"
        yield Command(
            f"Take the account from the StackSet {stack.name}:",
            over_lines(
                deletes,
                f"--deployment-targets {one},AccountFilterType=INTERSECTION",
                regions,
            ),
        )
        yield Command(
            "Or, of a self-managed StackSet:",
            over_lines(deletes, f"--accounts {account_id} {regions}"),
        )
