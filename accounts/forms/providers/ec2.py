"""The form that asks for the details of EC2."""

from __future__ import annotations

from django import forms

from accounts.forms.providers.base import (
    DetailsForm,
    access_field,
    more_roles_field,
    roles_path_field,
)
from accounts.help.documents import more
from onboarding.providers.ec2 import EC2_ROLES_PATH, Ec2, key_pairs


class Ec2Form(DetailsForm):
    asks_for = Ec2

    access = access_field()
    launch_templates = forms.BooleanField(
        label="Launch templates",
        required=False,
        initial=True,
        help_text=more(
            "Required in AWS accounts created since October 2024.",
            "accounts-file#provider-settings",
        ),
    )
    launch_configurations = forms.BooleanField(
        label="Also allow launch configurations",
        required=False,
        help_text="For server groups that still use launch configurations.",
    )
    load_balancers = forms.BooleanField(
        label="Manage load balancers and security groups",
        required=False,
        initial=True,
        help_text="If this is off, Spinnaker only registers instances.",
    )
    key_pair = forms.CharField(label="Key pair", required=False, max_length=255)
    roles_path = roles_path_field(EC2_ROLES_PATH)
    more_roles = more_roles_field()
    owns_images = forms.BooleanField(
        label="Share images from this account",
        required=False,
        help_text=more(
            "Always on if images are baked in this account.", "bake-images#steps"
        ),
    )
    stack_roles_path = forms.CharField(
        label="Path of CloudFormation service roles",
        required=False,
        max_length=512,
        help_text=more(
            "Required only if pipelines deploy CloudFormation stacks.",
            "prepare-accounts#amazon-ec2",
        ),
    )

    def describe_fields(self) -> None:
        names = {
            pair["KeyName"]
            for region in self.managed.regions_of_all
            for pair in self.found.get(key_pairs(region), {}).get("KeyPairs", ())
        }
        self.fields["key_pair"].help_text = (
            f"Leave empty to use {self.managed.name}-keypair."
        ) + (f" Existing key pairs: {', '.join(sorted(names))}." if names else "")
