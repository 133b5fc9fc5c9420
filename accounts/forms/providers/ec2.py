"""The form that asks for the details of EC2."""

from __future__ import annotations

from django import forms

from accounts.forms.providers.base import DetailsForm, access_field, roles_path_field
from accounts.help.choices import more
from onboarding.providers.ec2 import EC2_ROLES_PATH, Ec2, key_pairs


class Ec2Form(DetailsForm):
    asks_for = Ec2

    access = access_field()
    launch_templates = forms.BooleanField(
        label="Launch templates",
        required=False,
        initial=True,
        help_text=more("New AWS accounts need them.", "launch-templates"),
    )
    launch_configurations = forms.BooleanField(
        label="Launch configurations too",
        required=False,
        help_text="For server groups that still use them.",
    )
    load_balancers = forms.BooleanField(
        label="Manage load balancers and security groups",
        required=False,
        initial=True,
        help_text="Off: Spinnaker only registers instances.",
    )
    key_pair = forms.CharField(label="Key pair", required=False, max_length=255)
    roles_path = roles_path_field(EC2_ROLES_PATH)
    owns_images = forms.BooleanField(
        label="Images are shared from this account",
        required=False,
        help_text=more("Always on if images are baked here.", "images"),
    )
    stack_roles_path = forms.CharField(
        label="CloudFormation: path of service roles",
        required=False,
        max_length=512,
        help_text=more("Only for CloudFormation.", "role-paths"),
    )

    def describe_fields(self) -> None:
        names = {
            pair["KeyName"]
            for region in self.managed.regions
            for pair in self.found.get(key_pairs(region), {}).get("KeyPairs", ())
        }
        self.fields["key_pair"].help_text = f"Empty: {self.managed.name}-keypair." + (
            f" Found: {', '.join(sorted(names))}." if names else ""
        )
