"""EC2: server groups of virtual machines, on the account's `aws` entry."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from onboarding.checks import Call, Check, allow
from onboarding.details import require, require_one_of
from onboarding.grants import Grant
from onboarding.names import KEY_PAIR, ROLES_PATH
from onboarding.providers.base import Provider
from onboarding.providers.caching import subnet_check
from onboarding.providers.cloudformation import READS as STACK_READS
from onboarding.providers.cloudformation import stack_checks, stack_writes
from onboarding.providers.ec2_grants import (
    READS,
    deployments,
    launch_configurations,
    launch_templates,
    load_balancers,
    own_images,
)
from onboarding.providers.entry_kinds import Entry, aws_entry
from onboarding.providers.roles import (
    ACCESS,
    DEPLOY,
    POWER_USER,
    POWER_USER_WARNING,
    READ,
    pass_roles,
    power_user,
    refuse_passing_itself,
    require_roles,
)
from onboarding.resources.kinds import Resource, ServiceLinkedRole
from onboarding.topology import Managed, Managing

EC2_ROLES_PATH = "/spinnaker-ec2/"


@dataclass(frozen=True, slots=True)
class Ec2(Provider):
    """EC2's details; without any, everything that a deployment needs is granted."""

    key: ClassVar[str] = "ec2"
    title: ClassVar[str] = "EC2"
    summary: ClassVar[str] = (
        "Server groups of virtual machines, with load balancers and security groups."
    )
    access: str = DEPLOY
    key_pair: str = ""
    """Empty: Spinnaker's own default, the account's name followed by `-keypair`."""
    launch_templates: bool = True
    launch_configurations: bool = False
    """Next to launch templates; without those they are the only way to launch."""
    load_balancers: bool = True
    roles_path: str = EC2_ROLES_PATH
    more_roles: tuple[str, ...] = ()
    """Path and name of other roles that instances can have, like /web."""
    owns_images: bool = False
    """Whether images are shared from here; the account of baking does so anyway."""
    stack_roles_path: str = ""
    """The path of CloudFormation's service roles; empty: no stacks are deployed."""

    def __post_init__(self) -> None:
        require_one_of("access", ACCESS, self.access)
        if self.key_pair:
            require("key_pair", KEY_PAIR, self.key_pair)
        require("roles_path", ROLES_PATH, self.roles_path)
        require_roles(self.more_roles)
        if self.stack_roles_path:
            require("stack_roles_path", ROLES_PATH, self.stack_roles_path)

    def suit(self, managed: Managed) -> None:
        for field in ("roles_path", "stack_roles_path"):
            refuse_passing_itself(managed, field, getattr(self, field))

    @classmethod
    def searches(cls, managed: Managed) -> tuple[Call, ...]:
        return tuple(key_pairs(region) for region in managed.regions_of_all)

    def grants(self, managing: Managing, managed: Managed) -> tuple[Grant, ...]:
        reads = (READS, *([STACK_READS] if self.stack_roles_path else []))
        return (
            reads if self.access == READ else (*reads, *self.writes(managing, managed))
        )

    def writes(self, managing: Managing, managed: Managed) -> Iterator[Grant]:
        account = managed.account_id
        yield from deployments(managing, account)
        if self.launch_templates:
            yield from launch_templates(managing, account)
        if self.launch_configurations or not self.launch_templates:
            yield from launch_configurations(managing, account)
        if self.load_balancers:
            yield from load_balancers(managing, account)
        if self.owns_images or managing.owns_images(managed):
            yield from own_images(managing, managed)
        yield pass_roles(
            managing,
            managed,
            to="Ec2",
            service="ec2",
            roles=(f"/{managing.base_role}", f"{self.roles_path}*"),
            more=self.more_roles,
        )
        if path := self.stack_roles_path:
            yield from stack_writes(managing, managed, roles_path=path)

    def resources(self, managing: Managing, managed: Managed) -> tuple[Resource, ...]:
        services = [] if self.access == READ else ["autoscaling"]
        if services and self.load_balancers:
            services.append("elasticloadbalancing")
        linked = tuple(
            ServiceLinkedRole(
                account=managed.account_id,
                name=managing.aws.service_principal(service),
                reason="AWS's own role for it, which a first deployment would need.",
            )
            for service in services
        )
        power = self.access == POWER_USER
        return (*linked, power_user(managing, managed)) if power else linked

    def warnings(self) -> tuple[str, ...]:
        return (POWER_USER_WARNING,) if self.access == POWER_USER else ()

    def checks(self, managing: Managing, managed: Managed) -> tuple[Check, ...]:
        stacks = stack_checks(managed) if self.stack_roles_path else ()
        if self.access == READ:
            return (*stacks,)
        profile = self.profile_check(managing, managed)
        found = (
            check
            for region in managed.regions_of_all
            for check in (subnet_check(region), self.key_pair_check(managed, region))
        )
        return (*found, profile, *stacks)

    def key_pair_check(self, managed: Managed, region: str) -> Check:
        """Find the key pair; one that nobody named may be left out of deployments."""
        key_pair = self.key_pair or f"{managed.name}-keypair"
        return Check(
            f"Find the key pair in {region}",
            key_pairs(region),
            allow("ec2:DescribeKeyPairs"),
            expects=f"contains(KeyPairs[].KeyName, '{key_pair}')",
            missing=(
                f"There is no key pair “{key_pair}” in {region}: deployments that "
                "name no other key pair fail there. Create it and keep the "
                "private key, which AWS shows once, or name another one in the "
                "details."
            ),
            advice=not self.key_pair,
            deploys_in=region if self.key_pair else "",
            change=create_key_pair(key_pair, region),
        )

    def profile_check(self, managing: Managing, managed: Managed) -> Check:
        """Find the instance profile, which the managed role may pass but not read."""
        name = managing.base_role
        others = managing.arn("iam", managed.account_id, f"role{self.roles_path}")
        named = [
            managing.arn("iam", managed.account_id, f"role{one}")
            for one in (f"/{name}", *self.more_roles)
        ]
        passed = " || ".join(
            [*(f"Arn == '{arn}'" for arn in named), f"starts_with(Arn, '{others}')"]
        )
        return Check(
            f"Find the instance profile {name}",
            Call("iam", "get_instance_profile", "", (("InstanceProfileName", name),)),
            "Bowline's access role must be allowed iam:GetInstanceProfile.",
            expects=f"length(InstanceProfile.Roles[?{passed}]) > `0`",
            missing=(
                f"The instance profile {name} doesn't contain the role {name}, or "
                f"another role that Spinnaker can pass ({others}…), so no deployment "
                "that names no other profile can launch an instance. "
                + (
                    "Enter the role that it contains in the account's EC2 details, "
                    "under Other roles, and plan again."
                    if managed.adopts
                    else "A profile can contain one role: put this one into it."
                )
            ),
            as_managed_role=False,
            change=""
            if managed.adopts
            else (
                f"aws iam create-instance-profile --instance-profile-name {name}; "
                "aws iam add-role-to-instance-profile --instance-profile-name "
                f"{name} --role-name {name}"
            ),
        )

    def entries(self, managing: Managing, managed: Managed) -> tuple[Entry, ...]:
        entry = aws_entry(
            managing,
            managed,
            key_pair=self.key_pair,
            launch_templates=self.launch_templates,
            cloudformation=bool(self.stack_roles_path),
        )
        return (entry,)


def create_key_pair(name: str, region: str) -> str:
    """Write the command; the private key goes into a file of its owner's only."""
    file = re.sub(r"[^\w.-]", "_", f"{name}-{region}.pem")
    return (
        f"(umask 077; aws ec2 create-key-pair --region {region} --key-name "
        f"{shlex.quote(name)} --query KeyMaterial --output text > {file})"
    )


def key_pairs(region: str) -> Call:
    return Call("ec2", "describe_key_pairs", region)
