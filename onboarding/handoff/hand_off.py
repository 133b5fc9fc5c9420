"""A hand-off: the templates of one account, and the commands for its owner.

Its text is the same for all accounts of a kind, but for the external ID: renaming an
account is no new version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from onboarding.access_role import Command
from onboarding.desired import desired
from onboarding.desired.alike import interchangeable, with_ids_of
from onboarding.handoff import scripts
from onboarding.handoff.cloudformation import CLUSTERS, EXTERNAL_ID, IAM, template
from onboarding.handoff.reader import NAME as READER
from onboarding.handoff.reader import reader_role
from onboarding.handoff.terraform import terraform_files
from onboarding.resources.kinds import (
    ClusterAccess,
    KeyGrant,
    Resource,
    Role,
    ServiceLinkedRole,
)
from onboarding.spinnaker.bundle.file import File
from onboarding.topology import Managed, Managing, Topology


@dataclass(frozen=True, slots=True)
class HandOff:
    """What the owner of one account receives."""

    managing: Managing
    managed: Managed
    resources: tuple[Resource, ...]
    """Everything that should exist, with the reader role where it is wanted."""

    @property
    def stack_name(self) -> str:
        return f"bowline-{self.managed.name}"

    @property
    def region(self) -> str:
        """The region of the stack: IAM is global, but stacks are not."""
        return self.managing.aws.home_region

    @property
    def stacks(self) -> tuple[scripts.Stack, ...]:
        """One for IAM, and one for the clusters of each region."""
        iam = tuple(
            one
            for one in self.resources
            if not isinstance(one, ClusterAccess | KeyGrant | ServiceLinkedRole)
        )
        accesses = [one for one in self.resources if isinstance(one, ClusterAccess)]
        made = [self.stack(self.stack_name, self.region, iam, IAM)] if iam else []
        for region in dict.fromkeys(access.region for access in accesses):
            here = [access for access in accesses if access.region == region]
            name = f"{self.stack_name}-eks-{region}"
            made.append(self.stack(name, region, here, CLUSTERS.format(region=region)))
        return tuple(made)

    def stack(
        self, name: str, region: str, resources: Sequence[Resource], about: str
    ) -> scripts.Stack:
        asks = any(isinstance(one, Role) for one in resources)
        external_id = self.managed.external_id if asks else ""
        text = template(self.managed, resources, external_id=external_id, about=about)
        return scripts.Stack(
            name=name,
            region=region,
            template=File(f"{name}.yml", text),
            parameters={EXTERNAL_ID: external_id} if external_id else {},
        )

    @property
    def template(self) -> str:
        """The first template, of IAM; empty where there is nothing to create."""
        return self.stacks[0].template.text if self.stacks else ""

    @property
    def text(self) -> str:
        """All that was handed out, to keep and to compare with the next version."""
        return "---\n".join(stack.template.text for stack in self.stacks)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def reader_role(self) -> str:
        """The ARN of the reader role; empty where it is not handed out."""
        for one in self.resources:
            if isinstance(one, Role) and one.name == READER:
                account = self.managed.account_id
                return self.managing.arn("iam", account, f"role/{READER}")
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
        written = [scripts.written(stack.template) for stack in self.stacks]
        return "\n".join((*written, self.command))

    @property
    def delete_command(self) -> str:
        """What removes everything again, the cluster's access before its role."""
        deletes = [scripts.delete(stack) for stack in reversed(self.stacks)]
        return scripts.in_account(self.managed.account_id, *deletes)

    def files(self) -> tuple[File, ...]:
        """List what the owner without a login is sent."""
        return (
            *(stack.template for stack in self.stacks),
            File("create.sh", scripts.script(self.command), executable=True),
            File("delete.sh", scripts.script(self.delete_command), executable=True),
            *terraform_files(self.managing, self.managed, self.resources),
        )


def hand_off(managing: Managing, managed: Managed, *, reader: bool) -> HandOff:
    """Describe the roles of a managed account for its owner.

    The reader role needs Bowline's own principal: without one there is none. Raise
    QuotaExceeded where AWS would refuse it.
    """
    alike = with_ids_of(managed, interchangeable(managing, managed))
    resources = desired(Topology(managing, (alike,)), alike)
    if reader and managing.bowline:
        resources += reader_role(managing, managed)
    return HandOff(managing, managed, resources)
