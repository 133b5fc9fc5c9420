"""The form that asks for the details of EC2."""

from __future__ import annotations

from django import forms

from accounts.web.wizard.provider_forms.base import (
    DetailsForm,
    access_field,
    roles_path_field,
)
from onboarding.providers.ec2 import EC2_ROLES_PATH, Ec2, key_pairs


class Ec2Form(DetailsForm):
    asks_for = Ec2

    access = access_field()
    launch_templates = forms.BooleanField(
        label="Launch templates",
        required=False,
        initial=True,
        help_text=(
            "AWS accounts created since October 2024 cannot create launch "
            "configurations."
        ),
    )
    launch_configurations = forms.BooleanField(
        label="Launch configurations too",
        required=False,
        help_text=("Only to clone or delete server groups that still use them."),
    )
    load_balancers = forms.BooleanField(
        label="Manage load balancers and security groups",
        required=False,
        initial=True,
        help_text=("Off: Spinnaker only registers instances with existing ones."),
    )
    key_pair = forms.CharField(label="Key pair", required=False, max_length=255)
    roles_path = roles_path_field(
        "to instances, in addition to the base role,", EC2_ROLES_PATH
    )
    owns_images = forms.BooleanField(
        label="Images are shared from this account",
        required=False,
        help_text=("Always on if images are baked here."),
    )
    stack_roles_path = forms.CharField(
        label="CloudFormation: path of service roles",
        required=False,
        max_length=512,
        help_text=(
            "Only for CloudFormation stacks. Each must then name a service role "
            "under this path."
        ),
    )

    def describe_fields(self) -> None:
        names = {
            pair["KeyName"]
            for region in self.managed.regions
            for pair in self.found.get(key_pairs(region), {}).get("KeyPairs", ())
        }
        self.fields["key_pair"].help_text = (
            "The default for new instances. It should exist in every region. Empty: "
            f"{self.managed.name}-keypair."
            + (f" Found: {', '.join(sorted(names))}." if names else "")
        )
