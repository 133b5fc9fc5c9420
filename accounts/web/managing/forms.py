"""The form of the managing account: one page, in four groups."""

from __future__ import annotations

from typing import Any

from crispy_forms.layout import Div
from django import forms

from accounts.models import ManagedAccount, ManagingAccount
from accounts.web.fields import ListField, RuledField, account_id_field, bare_helper
from accounts.web.layout import Fieldset, Included, Sentence
from onboarding import names
from onboarding.desired.capacity import most_listed
from onboarding.desired.image_keys import not_at_home
from onboarding.partitions import known_region
from onboarding.topology import MANAGED_ROLE, Managing, identity_elsewhere

POD_FIELDS = ("pod_cluster", "pod_region", "pod_namespace", "pod_service_account")
FIELDS_OF: dict[str, tuple[str, ...]] = {
    ManagingAccount.IdentityKind.INSTANCE_ROLE: ("identity_name",),
    ManagingAccount.IdentityKind.POD_ROLE: ("identity_name", *POD_FIELDS),
    ManagingAccount.IdentityKind.EXISTING: ("identity_arn",),
}
LISTED, WHOLE_ORGANIZATION = "listed", "organization"


class ManagingForm(forms.ModelForm):  # type: ignore[type-arg]  # it has no [] at run time
    """Describes the account in which Spinnaker's own identity lives."""

    name = RuledField(
        rule=names.account_name,
        max_length=60,
        help_text="What Bowline calls it, e.g. spinnakermanaging.",
    )
    account_id = account_id_field()
    access_role = RuledField(
        rule=names.role_name,
        required=False,
        label="Access role",
        max_length=64,
        help_text=(
            "The role in this account that Bowline assumes to look and to change. "
            "Leave it empty where Bowline's own credentials are this account's."
        ),
    )
    identity_name = RuledField(
        rule=names.role_name,
        required=False,
        label="Role name",
        max_length=64,
        help_text="The role that Bowline makes. Spinnaker's documents use this name.",
    )
    identity_arn = RuledField(
        rule=names.identity_arn,
        required=False,
        label="ARN of the role or user",
        help_text=(
            "Bowline attaches its policies to it and changes nothing else of it. "
            "Whether Spinnaker gets in is then evaluated from the policies, unless "
            "Bowline may assume it."
        ),
    )
    pod_cluster = RuledField(
        rule=names.cluster,
        required=False,
        label="EKS cluster",
        help_text="The cluster that Spinnaker itself runs in.",
    )
    pod_region = RuledField(
        rule=str,
        required=False,
        label="Region of the cluster",
        help_text="Bowline asks EKS there for the cluster's OIDC issuer.",
    )
    pod_namespace = RuledField(
        rule=names.namespace,
        required=False,
        label="Namespace",
        help_text="Where Spinnaker's pods run, e.g. spinnaker.",
    )
    pod_service_account = RuledField(
        rule=names.service_account,
        required=False,
        label="Service account",
        help_text="Only pods of this service account may become the role.",
    )
    managed_role = RuledField(
        rule=names.chain_role,
        label="Managed role",
        max_length=64,
        help_text=(
            "The role that Spinnaker assumes in every managed account. AWS tells "
            "upper and lower case apart."
        ),
    )
    base_role = RuledField(
        rule=names.role_name,
        label="Base role",
        max_length=64,
        help_text=(
            "The default role of the instances that Spinnaker launches. Bowline makes "
            "it and the instance profile of the same name, which Spinnaker asks for."
        ),
    )
    assume = forms.ChoiceField(
        label="Which accounts Spinnaker may assume",
        choices=[
            (LISTED, "The onboarded accounts, each listed"),
            (WHOLE_ORGANIZATION, "Every account of an AWS organization"),
        ],
        widget=forms.RadioSelect,
        initial=LISTED,
        help_text=(
            "Listed: each onboarding adds one line to a policy in this account. "
            "Organization: one line for all, and the managed role's own trust decides."
        ),
    )
    organization = RuledField(
        rule=names.organization,
        required=False,
        label="Organization id",
        max_length=34,
        help_text="Like o-a1b2c3d4e5; `aws organizations describe-organization` says.",
    )
    trust_organization = RuledField(
        rule=names.organization,
        required=False,
        label="Organization that the managed role asks for",
        max_length=34,
        help_text=(
            "Every managed role's trust then asks that Spinnaker's identity belongs to "
            "this organization, a second lock beside its name. It may stay empty."
        ),
    )
    boundary = RuledField(
        rule=names.boundary_arn,
        required=False,
        label="Permissions boundary",
        max_length=600,
        help_text=(
            "The ARN of a policy that caps every role that Bowline makes. A policy of "
            "the same name must stand in each account; Bowline writes each account's "
            "own id into the ARN. It may stay empty."
        ),
    )
    ami_owner = forms.ChoiceField(
        required=False,
        label="Account that owns baked images",
        help_text=(
            "Spinnaker shares images from there with the account it deploys to. It "
            "must be onboarded itself, with EC2."
        ),
    )

    image_keys = ListField(
        rule=names.kms_key_arn,
        required=False,
        label="KMS keys of images",
        help_text=(
            "ARNs of this account's keys that encrypt baked images, separated by "
            "commas. Each account that launches instances where a key is gets a grant "
            "on it, with its next plan, and the policy of the key must allow that: the "
            "account's permissions page shows the statements. Empty where images are "
            "not encrypted: an image under AWS's own key opens to no other account."
        ),
    )

    class Meta:
        model = ManagingAccount
        fields = [
            "name",
            "account_id",
            "partition",
            "access_role",
            "identity_kind",
            "identity_name",
            "identity_arn",
            "pod_cluster",
            "pod_region",
            "pod_namespace",
            "pod_service_account",
            "managed_role",
            "base_role",
            "organization",
            "trust_organization",
            "boundary",
            "bakes",
            "ami_owner",
            "image_keys",
            "trusts_bowline",
        ]
        widgets = {"identity_kind": forms.RadioSelect}
        labels = {
            "identity_kind": "What Spinnaker runs as",
            "bakes": "Images are baked in this account",
            "trusts_bowline": "Let Bowline become this identity, to prove the chain",
        }
        help_texts = {
            "partition": "GovCloud and China are separate from the rest of AWS.",
            "bakes": (
                "Gives the identity what Packer needs to build images: start and stop "
                "instances, make images, snapshots and its own key pairs."
            ),
            "trusts_bowline": (
                "The identity's trust policy then names Bowline's own principal, and "
                "verification walks the very chain that Spinnaker will: Bowline, the "
                "identity, the managed role. Off: Bowline reads the policies of both "
                "sides instead, and a person accepts each account on record."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.organization:
            self.initial["assume"] = WHOLE_ORGANIZATION
        if ManagedAccount.objects.existing().exists():
            self.fields["account_id"].disabled = True
            self.fields["account_id"].help_text = (
                "It cannot change while accounts are managed from it: remove them "
                "from AWS first."
            )
        accounts = ManagedAccount.objects.order_by("name").values_list(
            "name", flat=True
        )
        owners = dict.fromkeys([*accounts, self.instance.ami_owner])
        owner = self.fields["ami_owner"]
        assert isinstance(owner, forms.ChoiceField)
        owner.choices = [("", "The managing account itself")] + [
            (name, name) for name in owners if name
        ]
        self.helper = bare_helper(
            Fieldset("The account", "name", "account_id", "partition", "access_role"),
            Fieldset(
                "Spinnaker's identity",
                "identity_kind",
                shown("identity_kind", "instance_role pod_role", "identity_name"),
                shown(
                    "identity_kind",
                    "pod_role",
                    *POD_FIELDS,
                    says="For a pod role only:",
                ),
                shown(
                    "identity_kind",
                    "existing",
                    "identity_arn",
                    says="For a role or user that stands already only:",
                ),
                shown("identity_kind", "instance_role pod_role", "trusts_bowline"),
            ),
            Fieldset(
                "What it may do",
                "managed_role",
                "base_role",
                Included("managing/_switch.html"),
                "assume",
                shown("assume", WHOLE_ORGANIZATION, "organization"),
                "trust_organization",
                "boundary",
            ),
            Fieldset(
                "Baking", "bakes", shown("bakes", "on", "ami_owner", "image_keys")
            ),
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.forget_unasked()
        kind = cleaned.get("identity_kind", "")
        for field in FIELDS_OF.get(kind, ()):
            self.need(field)
        if kind == ManagingAccount.IdentityKind.POD_ROLE:
            self.check_region()
        if kind == ManagingAccount.IdentityKind.EXISTING:
            self.check_arn()
        if cleaned.get("assume") == WHOLE_ORGANIZATION:
            self.need("organization")
        else:
            cleaned["organization"] = ""
            self.check_room()
        if not cleaned.get("bakes"):
            cleaned["ami_owner"], cleaned["image_keys"] = "", []
        self.check_keys()
        return cleaned

    def forget_unasked(self) -> None:
        """Keep what stands in fields of other kinds: nobody is asked for them."""
        asked = FIELDS_OF.get(self.cleaned_data.get("identity_kind", ""), ())
        for field in {name for names_ in FIELDS_OF.values() for name in names_}:
            if field not in asked:
                self.errors.pop(field, None)
                self.cleaned_data[field] = self.initial.get(field, "")

    def need(self, field: str) -> None:
        if not self.cleaned_data.get(field) and field not in self.errors:
            self.add_error(field, "This is needed for what is chosen above.")

    def check_region(self) -> None:
        partition, region = (
            self.cleaned_data.get(n) for n in ("partition", "pod_region")
        )
        if partition and region:
            try:
                known_region(region, partition)
            except ValueError as error:
                self.add_error("pod_region", str(error))

    def check_keys(self) -> None:
        partition, account = (
            self.cleaned_data.get(name, "") for name in ("partition", "account_id")
        )
        for key in self.cleaned_data.get("image_keys") or ():
            if (
                partition
                and account
                and (wrong := not_at_home(key, partition, account))
            ):
                self.add_error("image_keys", wrong)

    def check_room(self) -> None:
        """Refuse a list that cannot hold the accounts that stand."""
        managing = Managing(
            name="",
            account_id="0" * 12,
            partition=self.cleaned_data.get("partition") or "aws",
            managed_role=self.cleaned_data.get("managed_role") or MANAGED_ROLE,
            bakes=bool(self.cleaned_data.get("bakes")),
        )
        count = ManagedAccount.objects.existing().in_aws_provider().count()
        if count > (most := most_listed(managing)):
            self.add_error(
                "assume",
                f"{count:,} accounts stand, and with what is chosen here the list "
                f"holds {most:,}. Let every account of the organization be assumed.",
            )

    def check_arn(self) -> None:
        """Refuse an identity of another account or partition: it cannot be managed."""
        filled = self.cleaned_data
        wrong = identity_elsewhere(
            filled.get("identity_arn", ""),
            filled.get("partition", ""),
            filled.get("account_id", ""),
        )
        if wrong:
            self.add_error("identity_arn", wrong)


def shown(field: str, values: str, *fields: str, says: str = "") -> Div:
    """Group fields that matter for some values of a choice; without JavaScript all
    are shown, each group with its sentence.
    """
    sentence = [Sentence(says, "no-js soft")] if says else []
    return Div(*sentence, *fields, data_shown_by=field, data_shown_for=values)
