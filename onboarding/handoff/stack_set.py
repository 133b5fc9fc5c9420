"""The commands for an organization's administrator: a StackSet in exactly one region.

Bowline does not run them: whoever may deploy a StackSet may create anything anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from onboarding.access_role import (
    EVERYWHERE,
    Command,
    lines,
    stack_set_commands,
)
from onboarding.handoff.scripts import Stack, deploy

FOLDER = "stack-set"


def commands(stack: Stack) -> Iterator[Command]:
    """Yield what creates the StackSet of that template, and what updates it."""
    file = stack.template.path
    yield from stack_set_commands(
        stack.region, stack_set=stack.name, file=file, parameters=stack.parameters
    )
    kept = [f"ParameterKey={name},UsePreviousValue=true" for name in stack.parameters]
    yield Command(
        "For a later version of the template, update all accounts that have it:",
        lines(
            f"aws cloudformation update-stack-set --stack-set-name {stack.name}",
            f"--region {stack.region} --template-body file://{file}",
            "--capabilities CAPABILITY_NAMED_IAM",
            *([f"--parameters {' '.join(kept)}"] if kept else []),
            EVERYWHERE,
        ),
    )
    yield Command(
        "No StackSet covers the organization's management account. If Spinnaker "
        "deploys to that account, too, create a stack in it:",
        deploy(stack),
    )
