"""An account of the test's organization whose owner makes the roles."""

from __future__ import annotations

import json
from typing import Any

from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of, managing_row
from accounts.models import ManagedAccount, Run
from accounts.models.states import Status
from accounts.runs.actions import keep, plan_managing
from accounts.runs.owners.looking import look_at_owners, look_soon
from onboarding.access_role import looking, policy
from onboarding.desired import desired
from onboarding.resources.kinds import ServiceLinkedRole
from onboarding.spinnaker.bundle.formats.cloudformation.format import templates
from onboarding.topology import READER_ROLE, Topology
from script.emulated_organization import (
    ACCESS_ROLE,
    ADMINISTRATOR,
    Account,
    Credentials,
)
from tests.accounts.runs.carried import DEV, carried, done, member, root
from tests.onboarding.aws.field import trusting

STACK = "bowline-dev"
CAPABILITIES = ["CAPABILITY_NAMED_IAM"]


def ready_to_hand_off(here: Credentials) -> None:
    """Verify the managing account, and take the access role from DEV."""
    done(carried(plan_managing(None, send=keep)))
    iam = root(here, DEV, "iam")
    iam.detach_role_policy(RoleName=ACCESS_ROLE, PolicyArn=ADMINISTRATOR)
    iam.delete_role(RoleName=ACCESS_ROLE)


def owned(which: Account = DEV, **fields: Any) -> ManagedAccount:
    return member(which, **{"made_by": "owner", "access_role": "", **fields})


def template_of(account: ManagedAccount) -> tuple[str, dict[str, str]]:
    """Write the account's template, and its parameters."""
    managing = managing_of(managing_row())
    managed = managed_of(account)
    resources = [
        one
        for one in desired(Topology(managing, (managed,)), managed)
        if not isinstance(one, ServiceLinkedRole)
    ]
    ((_, text),) = templates(managed, resources)
    return text, {"ExternalId": managed.external_id}


def deploy(here: Credentials, account: ManagedAccount, where: Account = DEV) -> None:
    """Do as the owner: create the stack, in that account."""
    text, parameters = template_of(account)
    root(here, where, "cloudformation").create_stack(
        StackName=STACK,
        TemplateBody=text,
        Capabilities=CAPABILITIES,
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in parameters.items()
        ],
    )


def delete(here: Credentials) -> None:
    root(here, DEV, "cloudformation").delete_stack(StackName=STACK)


def make_reader(here: Credentials, bowline: str) -> None:
    iam = root(here, DEV, "iam")
    iam.create_role(RoleName=READER_ROLE, AssumeRolePolicyDocument=trusting(bowline))
    iam.put_role_policy(
        RoleName=READER_ROLE,
        PolicyName="Look",
        PolicyDocument=json.dumps(policy(looking())),
    )


def looked(run: Run) -> Run:
    """Look now, and carry on what may continue."""
    look_soon(run)
    look_at_owners(send=keep)
    run.refresh_from_db()
    if run.status in (Status.VERIFYING, Status.APPLYING):
        return carried(run)
    return run
