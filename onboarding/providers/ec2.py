"""EC2: server groups of virtual machines, on the account's `aws` entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms

from onboarding.providers.base import Call, Check, Grant, Provider, allow
from onboarding.providers.ec2_grants import (
    READS,
    deployments,
    launch_configurations,
    launch_templates,
    load_balancers,
    own_images,
)
from onboarding.providers.forms import (
    NOTHING,
    DetailsForm,
    access_field,
    roles_path_field,
)
from onboarding.providers.names import KEY_PAIR, ROLES_PATH, require, require_one_of
from onboarding.providers.roles import ACCESS, DEPLOY, pass_roles
from onboarding.resources.kinds import Resource, ServiceLinkedRole
from onboarding.spinnaker import Entry, aws_entry
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
    load_balancers: bool = True
    roles_path: str = EC2_ROLES_PATH

    def __post_init__(self) -> None:
        require_one_of("access", ACCESS, self.access)
        if self.key_pair:
            require("key_pair", KEY_PAIR, self.key_pair)
        require("roles_path", ROLES_PATH, self.roles_path)

    @classmethod
    def searches(cls, managed: Managed) -> tuple[Call, ...]:
        return tuple(key_pairs(region) for region in managed.regions)

    def grants(self, managing: Managing, managed: Managed) -> tuple[Grant, ...]:
        if self.access != DEPLOY:
            return (READS,)
        account = managed.account_id
        launch = launch_templates if self.launch_templates else launch_configurations
        balance = load_balancers(managing, account) if self.load_balancers else ()
        return (
            READS,
            *deployments(managing, account),
            *launch(managing, account),
            *balance,
            *own_images(managing, managed),
            pass_roles(
                managing,
                managed,
                to="Ec2",
                service="ec2",
                roles=(f"/{managing.base_role}", f"{self.roles_path}*"),
            ),
        )

    def resources(self, managing: Managing, managed: Managed) -> tuple[Resource, ...]:
        services = ["autoscaling"] if self.access == DEPLOY else []
        if services and self.load_balancers:
            services.append("elasticloadbalancing")
        return tuple(
            ServiceLinkedRole(
                account=managed.account_id,
                name=managing.aws.service_principal(service),
                reason="AWS's own role for it, which a first deployment would need.",
            )
            for service in services
        )

    def checks(self, managing: Managing, managed: Managed) -> tuple[Check, ...]:
        key_pair = self.key_pair or f"{managed.name}-keypair"
        return tuple(
            Check(
                f"Find the key pair in {region}",
                key_pairs(region),
                allow("ec2:DescribeKeyPairs"),
                expects=f"contains(KeyPairs[].KeyName, '{key_pair}')",
                missing=(
                    f"There is no key pair “{key_pair}” in {region}: deployments that "
                    "name no other will fail there. Create it, or name another one in "
                    "the details."
                ),
                advice=True,
            )
            for region in managed.regions
        )

    def entries(self, managing: Managing, managed: Managed) -> tuple[Entry, ...]:
        entry = aws_entry(
            managing,
            managed,
            key_pair=self.key_pair,
            launch_templates=self.launch_templates,
        )
        return (entry,)

    class Form(DetailsForm):
        access = access_field()
        launch_templates = forms.BooleanField(
            label="Launch templates",
            required=False,
            initial=True,
            help_text=(
                "Leave it on: AWS accounts made since October 2024 cannot create the "
                "older launch configurations."
            ),
        )
        load_balancers = forms.BooleanField(
            label="Manage load balancers and security groups",
            required=False,
            initial=True,
            help_text=(
                "Off: Spinnaker registers instances with those that stand already, and "
                "neither creates nor changes any."
            ),
        )
        key_pair = forms.CharField(label="Key pair", required=False, max_length=255)
        roles_path = roles_path_field(
            "to instances, beside the base role,", EC2_ROLES_PATH
        )

        def __init__(
            self,
            data: Any = None,
            *,
            managed: Managed,
            found: Mapping[Call, Any] = NOTHING,
            initial: Mapping[str, Any] | None = None,
        ) -> None:
            super().__init__(data, managed=managed, found=found, initial=initial)
            names = {
                pair["KeyName"]
                for region in managed.regions
                for pair in found.get(key_pairs(region), {}).get("KeyPairs", ())
            }
            self.fields["key_pair"].help_text = (
                "Proposed for new instances; it should exist in every region. Empty: "
                f"{managed.name}-keypair."
                + (f" Found: {', '.join(sorted(names))}." if names else "")
            )

        def provider(self) -> Ec2:
            return Ec2.from_details(self.details())


def key_pairs(region: str) -> Call:
    return Call("ec2", "describe_key_pairs", region)
