"""An account of the test's organization whose owner makes the roles."""

from __future__ import annotations

from functools import partial
from typing import Any

from accounts.mapping.handing_off import hand_off_of_values
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of, managing_row
from accounts.models import ManagedAccount, Run
from accounts.models.states import Status
from accounts.runs.actions import plan_managing
from accounts.runs.owners.looking import look_at_owners, look_soon
from onboarding.handoff.hand_off import HandOffPackage
from script.emulated_organization import (
    ACCESS_ROLE,
    ADMINISTRATOR,
    Account,
    Credentials,
)
from tests import emulated_stacks
from tests.accounts.runs.carried import DEV, carried, done, member, root


def ready_to_hand_off(here: Credentials) -> None:
    """Verify the managing account, and take the access role from DEV."""
    done(carried(plan_managing(None)))
    iam = root(here, DEV, "iam")
    iam.detach_role_policy(RoleName=ACCESS_ROLE, PolicyArn=ADMINISTRATOR)
    iam.delete_role(RoleName=ACCESS_ROLE)


def owned(which: Account = DEV, **fields: Any) -> ManagedAccount:
    return member(which, **{"made_by": "owner", "access_role": "", **fields})


def account() -> ManagedAccount:
    """Read DEV as it is now."""
    return ManagedAccount.objects.get(name=DEV.name)


def handed_out(account: ManagedAccount) -> HandOffPackage:
    """Describe what its owner has received."""
    last = account.hand_offs.first()
    return hand_off_of_values(
        managing_of(managing_row()),
        managed_of(account),
        stack_name=last.stack_name if last else "",
    )


def deploy(here: Credentials, account: ManagedAccount, where: Account = DEV) -> None:
    """Do as the owner: create the stacks that were handed off, in that account."""
    for stack in handed_out(account).stacks:
        emulated_stacks.deploy(
            partial(root, here, where),
            stack.name,
            stack.template.text,
            stack.parameters,
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )


def update(here: Credentials, account: ManagedAccount) -> None:
    """Do as the owner: deploy the next version to the stack that there is."""
    (stack,) = handed_out(account).stacks
    root(here, DEV, "cloudformation").update_stack(
        StackName=stack.name,
        TemplateBody=stack.template.text,
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in stack.parameters.items()
        ],
    )


def delete(here: Credentials) -> None:
    stack = f"bowline-{DEV.name}"
    root(here, DEV, "cloudformation").delete_stack(StackName=stack)


def looked(run: Run) -> Run:
    """Look now, unless it was due with another run; carry on what may continue."""
    run.refresh_from_db()
    if run.status == Status.HANDED_OFF:
        look_soon(run, None)
        look_at_owners()
        run.refresh_from_db()
    if run.status in (Status.VERIFYING, Status.APPLYING):
        return carried(run)
    return run
