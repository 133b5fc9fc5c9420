"""A hand-off: the templates of one account, or of the managing one, and the
commands for its owner.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from onboarding.access_role import Command
from onboarding.desired import desired
from onboarding.desired.capacity import interchangeable, with_ids_of
from onboarding.desired.managing import managing_side
from onboarding.handoff import scripts
from onboarding.handoff.cloudformation import (
    CLUSTERS,
    IAM,
    ExternalIdParameter,
    external_id,
    external_id_prefix,
    reader_role,
    template,
)
from onboarding.handoff.scripts import Stack
from onboarding.handoff.terraform import terraform_files
from onboarding.resources.kinds import (
    ClusterAccess,
    KeyGrant,
    Resource,
    Role,
    ServiceLinkedRole,
)
from onboarding.spinnaker.bundle.archive import File
from onboarding.topology import READER_ROLE, MadeBy, Managed, Managing, Topology

OUTSIDE_IAM = (ClusterAccess, KeyGrant, ServiceLinkedRole)
NOTHING = external_id("")


@dataclass(frozen=True, slots=True)
class HandOffPackage:
    """What the owner of one account receives."""

    managing: Managing
    managed: Managed
    resources: tuple[Resource, ...]
    """Everything that should exist, with the reader role where it is wanted."""
    stack_name: str
    stacks: tuple[Stack, ...]
    """One for IAM, and one for the clusters of each region."""
    of_managing: bool = False
    """It is about Spinnaker's own identity; `managed` only says which account it is."""

    @property
    def region(self) -> str:
        """The region of the stack: IAM is global, but stacks are not."""
        return self.managing.aws.home_region

    @property
    def for_organization(self) -> bool:
        return self.managed.made_by == MadeBy.ORGANIZATION

    @property
    def stack_sets(self) -> tuple[Stack, ...]:
        """The same for all accounts with the same choices: a StackSet each, in one
        region; none where somebody else creates the roles, or where the external ID is
        not derived from the account's id: a StackSet gives no account its own.
        """
        own = self.managed.external_id
        derived = not own or own.endswith(f"-{self.managed.account_id}")
        return self.stacks if self.for_organization and derived else ()

    @property
    def template(self) -> str:
        """The first template, of IAM; empty where there is nothing to create."""
        return self.stacks[0].template.text if self.stacks else ""

    @property
    def text(self) -> str:
        """All that was handed out, to keep and to compare with the next version."""
        return text_of(self.stacks)

    @property
    def digest(self) -> str:
        return stacks_digest(self.stacks)

    @property
    def reader_role(self) -> str:
        """The ARN of the reader role; empty where it is not handed out."""
        for one in self.resources:
            if isinstance(one, Role) and one.name == READER_ROLE:
                account = self.managed.account_id
                return self.managing.arn("iam", account, f"role/{READER_ROLE}")
        return ""

    @property
    def outside_stacks(self) -> tuple[Command, ...]:
        """What CloudFormation cannot create, or would fail on where it exists."""
        linked = [r for r in self.resources if isinstance(r, ServiceLinkedRole)]
        grants = [r for r in self.resources if isinstance(r, KeyGrant)]
        return (
            *(scripts.service_linked_role(one) for one in linked),
            *(scripts.key_grant(one) for one in grants),
        )

    @property
    def command(self) -> str:
        """What the owner runs next to the templates; also for every later version."""
        deploys = [scripts.deploy(stack) for stack in self.stacks]
        more = [command.text for command in self.outside_stacks]
        return scripts.in_account(self.managed.account_id, *deploys, *more)

    @property
    def pasted(self) -> str:
        """The same for a shell without the files: it writes the templates first."""
        written = [scripts.here_document(stack.template) for stack in self.stacks]
        return "\n".join((*written, self.command))

    @property
    def delete_command(self) -> str:
        """What removes everything again, the cluster's access before its role."""
        found = [scripts.exists(stack) for stack in self.stacks[:1]]
        deletes = [scripts.delete(stack) for stack in reversed(self.stacks)]
        return scripts.in_account(self.managed.account_id, *found, *deletes)

    @property
    def stays(self) -> str:
        """Say what that doesn't remove."""
        grants = any(isinstance(one, KeyGrant) for one in self.resources)
        more = ", and the grants on KMS keys stay" if grants else ""
        return f"AWS's own service-linked roles stay{more}."

    def files(self) -> tuple[File, ...]:
        """List what the owner without a login is sent."""
        commands = {"create.sh": self.command, "delete.sh": self.delete_command}
        return (
            *(stack.template for stack in self.stacks),
            *(
                File(name, scripts.script(command), executable=True)
                for name, command in commands.items()
                if command
            ),
            *terraform_files(self.managing, self.managed, self.resources),
        )


def hand_off(
    managing: Managing, managed: Managed, *, reader: bool, stack_name: str = ""
) -> HandOffPackage:
    """Describe the roles of a managed account for its owner.

    A later version must have the stack's first name, even if the account has another
    name by then: all accounts of an organization with the same choices have one name.
    The reader role needs Bowline's own principal: without one there is none. Raise
    QuotaExceeded where AWS would refuse it.
    """
    alike = with_ids_of(managed, interchangeable(managing, managed))
    resources = desired(Topology(managing, (alike,)), alike)
    if reader and managing.bowline:
        resources += reader_role(managing, managed)
    resources = tuple(sorted(resources, key=lambda r: isinstance(r, ClusterAccess)))
    ask = asked_of(managed)
    name = stack_name or stack_name_of(f"bowline-{managed.name}")
    if managed.made_by == MadeBy.ORGANIZATION and not stack_name:
        name = stack_set_name(managed, stacks(managing, managed, resources, "", ask))
    own = stacks(managing, managed, resources, name, ask)
    return HandOffPackage(managing, managed, resources, name, tuple(own))


def stack_name_of(text: str) -> str:
    """Write it as CloudFormation takes a stack's name, which holds no “.” or “_”."""
    return re.sub(r"[^A-Za-z0-9-]", "-", text)


def asked_of(managed: Managed) -> ExternalIdParameter:
    """Derive the external ID in the template where it serves many accounts."""
    end = f"-{managed.account_id}"
    if managed.made_by == MadeBy.ORGANIZATION and managed.external_id.endswith(end):
        return external_id_prefix(managed.external_id.removesuffix(end))
    return external_id(managed.external_id)


def stack_set_name(managed: Managed, made: Iterable[Stack]) -> str:
    """Name the StackSet of all accounts with these choices, and of no others."""
    kind = "-".join(provider.key for provider in managed.providers)
    return f"bowline-{kind}-{stacks_digest(made)[:6]}"


def text_of(made: Iterable[Stack]) -> str:
    return "---\n".join(stack.template.text for stack in made)


def stacks_digest(made: Iterable[Stack]) -> str:
    return hashlib.sha256(text_of(made).encode()).hexdigest()


def stacks(
    managing: Managing,
    managed: Managed,
    resources: Sequence[Resource],
    name: str,
    ask: ExternalIdParameter,
) -> Iterator[Stack]:
    """Yield the stack of IAM, and one for the clusters of each region."""
    accesses = [one for one in resources if isinstance(one, ClusterAccess)]
    iam = [one for one in resources if not isinstance(one, OUTSIDE_IAM)]
    if iam:
        yield stack(managed, name, managing.aws.home_region, iam, IAM, ask)
    for region in dict.fromkeys(access.region for access in accesses):
        here = [access for access in accesses if access.region == region]
        about = CLUSTERS.format(region=region)
        yield stack(managed, f"{name}-eks-{region}", region, here, about, NOTHING)


def stack(
    managed: Managed,
    name: str,
    region: str,
    resources: Sequence[Resource],
    about: str,
    ask: ExternalIdParameter,
) -> Stack:
    if not any(isinstance(one, Role) for one in resources):
        ask = NOTHING
    text = template(managed, resources, about=about, ask=ask)
    return Stack(name, region, File(f"{name}.yml", text), ask.given)


def hand_off_managing(
    managing: Managing, assumed: Sequence[str], *, stack_name: str = ""
) -> HandOffPackage:
    """Describe Spinnaker's identity for the owner of its account.

    A later version must have the stack's first name. Raise QuotaExceeded where AWS
    would refuse it.
    """
    own = as_owned(managing)
    resources = tuple(managing_side(managing, assumed))
    if managing.bowline:
        resources += reader_role(managing, own)
    name = stack_name or stack_name_of(f"bowline-managing-{managing.name}")
    made = stacks(managing, own, resources, name, external_id(""))
    return HandOffPackage(managing, own, resources, name, tuple(made), of_managing=True)


def as_owned(managing: Managing) -> Managed:
    """Name the account as a template and its commands do."""
    return Managed(managing.name, managing.account_id, (), made_by=MadeBy.OWNER)
