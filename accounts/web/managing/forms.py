"""The form of the managing account: three questions, and the rest folded, in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crispy_forms.layout import Div
from django import forms
from django.db import models
from django.forms import BaseForm

from accounts.forms.fields import (
    Fieldset,
    Included,
    ListField,
    MoreChoices,
    RuledField,
    Sentence,
    bare_helper,
    form_field,
)
from accounts.help.documents import more
from accounts.mapping.entries import verified_bake_account
from accounts.mapping.managing import kept_of
from accounts.models import ManagedAccount, ManagingAccount
from accounts.runs.capacity import roles_of
from onboarding import names
from onboarding.description.fields import BY_NAME
from onboarding.desired.capacity import most_listed
from onboarding.desired.image_keys import not_at_home
from onboarding.partitions import known_region
from onboarding.topology import MANAGED_ROLE, MadeBy, Managing, identity_elsewhere

POD_FIELDS = ("pod_cluster", "pod_region", "pod_namespace", "pod_service_account")
FIELDS_OF: dict[str, tuple[str, ...]] = {
    ManagingAccount.IdentityKind.INSTANCE_ROLE: ("identity_name",),
    ManagingAccount.IdentityKind.POD_ROLE: ("identity_name", *POD_FIELDS),
    ManagingAccount.IdentityKind.EXISTING: ("identity_arn",),
}
LISTED, WHOLE_ORGANIZATION = "listed", "organization"
IDENTITY_KINDS = (
    (ManagingAccount.IdentityKind.INSTANCE_ROLE, "A new role for an EC2 instance"),
    (ManagingAccount.IdentityKind.POD_ROLE, "A new role for pods in EKS (IRSA)"),
    (ManagingAccount.IdentityKind.EXISTING, "An existing role or user"),
)


def layout_of(form: BaseForm) -> tuple[Any, ...]:
    return (
        Fieldset(
            "The account",
            Included("managing/_home.html"),
            Div("name", "account_id", css_class="form-pair"),
            "made_by",
        ),
        Fieldset(
            "Spinnaker's identity",
            "identity_kind",
            shown_for_values(
                "identity_kind",
                "pod_role",
                *POD_FIELDS,
                says="For a pod role:",
            ),
            shown_for_values(
                "identity_kind",
                "existing",
                "identity_arn",
                says="For an existing role or user:",
            ),
        ),
        Fieldset(
            "Accounts that it can assume",
            Included("managing/_switch.html"),
            "assume",
            shown_for_values("assume", WHOLE_ORGANIZATION, "organization"),
        ),
        Fieldset(
            "Images",
            "bakes",
            "ami_owner",
            shown_for_values("bakes", "on", "image_keys"),
        ),
        MoreChoices(
            chosen_so_far(form),
            "partition",
            shown_for_values("made_by", MadeBy.BOWLINE, "access_role"),
            shown_for_values(
                "identity_kind",
                "instance_role pod_role",
                "identity_name",
                "trusts_bowline",
            ),
            "managed_role",
            "base_role",
            "trust_organization",
            "boundary",
        ),
    )


def chosen_so_far(form: BaseForm) -> str:
    """Say in one line what the folded fields hold."""
    value = {name: form[name].value() for name in form.fields}
    made = value["identity_kind"] != ManagingAccount.IdentityKind.EXISTING
    parts = [
        "Bowline only reads this account"
        if value["made_by"] == MadeBy.OWNER
        else f"Bowline assumes {value['access_role']} in this account"
        if value["access_role"]
        else "Bowline uses its own credentials in this account"
    ]
    if made:
        may = "may" if value["trusts_bowline"] else "may not"
        parts.append(f"Bowline {may} assume the identity {value['identity_name']}")
    parts.append(f"the roles are {value['managed_role']} and {value['base_role']}")
    if value["trust_organization"]:
        parts.append(f"trusts require {value['trust_organization']}")
    if value["boundary"]:
        parts.append(f"the permissions boundary is {value['boundary']}")
    return ", ".join(parts) + "."


def shown_for_values(field: str, values: str, *fields: str, says: str = "") -> Div:
    """Group fields that matter for some values of a choice; without JavaScript all
    are shown, each group with its sentence.
    """
    sentence = [Sentence(says, "no-js soft")] if says else []
    return Div(*sentence, *fields, data_shown_by=field, data_shown_for=values)


NEEDED = "This field is required for the option that you chose above."
NOTHING_VERIFIES = "Required: without it, Bowline can't verify what the owner created."
NEAR = 3
"""How many first letters an account shares with the one that was meant."""


RULES: dict[str, Callable[[str], str]] = {
    "name": names.ACCOUNT_NAME,
    "access_role": names.ROLE_NAME,
    "identity_name": names.ROLE_NAME,
    "identity_arn": names.IDENTITY_ARN,
    "pod_cluster": names.CLUSTER,
    "pod_region": str,
    "pod_namespace": names.NAMESPACE,
    "pod_service_account": names.SERVICE_ACCOUNT,
    "managed_role": names.chain_role,
    "base_role": names.ROLE_NAME,
    "organization": names.ORGANIZATION,
    "trust_organization": names.ORGANIZATION,
    "boundary": names.BOUNDARY_ARN,
    "ami_owner": names.ACCOUNT_NAME,
}
"""What reads the text of a column."""


def asked_by_rule(column: models.Field[Any, Any], **options: Any) -> forms.Field | None:
    """Ask for a column, as a ModelForm's `formfield_callback`."""
    if rule := RULES.get(column.name):
        options |= {"form_class": RuledField, "rule": rule}
    return column.formfield(**options)


OWNER = (
    "Spinnaker deploys its images to all accounts. Leave empty to use the managing "
    "account."
)
BAKE_ACCOUNT = "bake-images#choose-the-bake-account"


class ManagingForm(forms.ModelForm):  # type: ignore[type-arg]  # it has no [] at run time
    """Describes the account in which Spinnaker's own identity lives."""

    account_id = form_field(BY_NAME["account_id"])
    assume = forms.ChoiceField(
        label="Accounts that Spinnaker can access",
        choices=[
            (LISTED, "Listed accounts"),
            (WHOLE_ORGANIZATION, "Every account of an AWS organization"),
        ],
        widget=forms.RadioSelect,
        initial=LISTED,
        help_text=more(
            "A list has a limit. An organization doesn't.",
            "large-organizations",
        ),
    )
    image_keys = ListField(
        rule=names.KMS_KEY_ARN,
        required=False,
        label="Image encryption keys",
        help_text=more("Comma-separated list of KMS key ARNs.", "bake-images#steps"),
    )

    class Meta:
        model = ManagingAccount
        formfield_callback = asked_by_rule
        fields = [
            "name",
            "account_id",
            "partition",
            "made_by",
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
        widgets = {"identity_kind": forms.RadioSelect, "made_by": forms.RadioSelect}
        labels = {
            "made_by": "Roles created by",
            "identity_kind": "Spinnaker runs as",
            "identity_name": "Role name",
            "identity_arn": "ARN of the role or user",
            "pod_cluster": "EKS cluster",
            "pod_region": "Cluster Region",
            "pod_namespace": "Namespace",
            "pod_service_account": "Service account",
            "organization": "Organization ID",
            "trust_organization": "Organization required by trust policies",
            "boundary": "Permissions boundary",
            "bakes": "Bake images in this account",
            "ami_owner": "Account that owns images",
            "trusts_bowline": (
                "Allow Bowline to assume this identity to verify accounts"
            ),
        }
        help_texts = {
            "made_by": more(
                "The owner deploys a template that Bowline generates.",
                "hand-off#hand-off-a-managing-account",
            ),
            "access_role": more(
                "Bowline assumes it. Leave empty to use Bowline's own credentials.",
                "access-roles#before-you-begin",
            ),
            "identity_kind": more("", "least-privilege#in-the-managing-account"),
            "identity_name": "The role that Bowline creates for Spinnaker.",
            "identity_arn": more(
                "Bowline only attaches policies to it.",
                "least-privilege#in-the-managing-account",
            ),
            "pod_cluster": "The cluster that Spinnaker runs in.",
            "pod_namespace": "For example spinnaker.",
            "pod_service_account": (
                "Only pods of this service account can assume the role."
            ),
            "managed_role": more(
                "The role that Spinnaker assumes in every account.",
                "least-privilege#in-each-managed-account",
            ),
            "base_role": more(
                "The default role of new instances.",
                "least-privilege#in-each-managed-account",
            ),
            "organization": "For example o-a1b2c3d4e5.",
            "trust_organization": more(
                "Optional. Managed roles then require this organization.",
                "least-privilege#how-permissions-are-limited",
            ),
            "boundary": more(
                "Optional. The ARN of a policy.",
                "least-privilege#how-permissions-are-limited",
            ),
            "bakes": more("", "bake-images#steps"),
            "ami_owner": more(OWNER, BAKE_ACCOUNT),
            "trusts_bowline": more(
                "If this is off, an approver must accept each account.",
                "verification#verified-or-evaluated",
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.fields["identity_kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = IDENTITY_KINDS
        if self.instance.organization:
            self.initial["assume"] = WHOLE_ORGANIZATION
        made_by = self.fields["made_by"]
        assert isinstance(made_by, forms.TypedChoiceField)
        made_by.required, made_by.empty_value = False, MadeBy.BOWLINE.value
        if self.instance.applied:
            made_by.disabled = True
            made_by.help_text = "You can't change this while the roles exist."
        if ManagedAccount.objects.existing().exists():
            account_id = self.fields["account_id"]
            account_id.disabled = True
            account_id.help_text = (
                "To change this, remove the managed accounts from AWS first."
            )
        owner = self.fields["ami_owner"]
        owner.widget.attrs["list"] = "owners"
        is_new = self.instance._state.adding
        bake = None if is_new else verified_bake_account(self.instance)
        if bake and bake.is_proposed:
            proposed = f" Bowline proposes {bake.name}: {bake.why}."
            owner.help_text = more(OWNER + proposed, BAKE_ACCOUNT)
        for name in (*POD_FIELDS, "identity_name", "identity_arn", "organization"):
            # It is, wherever it is shown.
            self.fields[name].widget.attrs["required"] = True
        self.helper = bare_helper(*layout_of(self))

    def clean_ami_owner(self) -> str:
        """Refuse the name of no account, unless it is stored: that one was removed."""
        name: str = self.cleaned_data["ami_owner"]
        if not name or name == self.instance.ami_owner:
            return name
        if not ManagedAccount.objects.filter(name=name).exists():
            near = ManagedAccount.objects.filter(name__startswith=name[:NEAR])
            names_ = near.order_by("name").values_list("name", flat=True)[:3]
            meant = f" Did you mean {' or '.join(names_)}?" if names_ else ""
            raise forms.ValidationError(
                f"Bowline has no account “{name}”.{meant} Onboard it first, or leave "
                "this field empty."
            )
        return name

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
            cleaned["image_keys"] = []
        self.check_keys()
        if cleaned.get("made_by") == MadeBy.OWNER:
            cleaned["access_role"] = ""
            if not cleaned.get("trusts_bowline"):
                self.add_error("trusts_bowline", NOTHING_VERIFIES)
        return cleaned

    def forget_unasked(self) -> None:
        """Keep the values of the fields of other kinds, which are not shown."""
        asked = FIELDS_OF.get(self.cleaned_data.get("identity_kind", ""), ())
        for field in {name for names_ in FIELDS_OF.values() for name in names_}:
            if field not in asked:
                self.errors.pop(field, None)
                self.cleaned_data[field] = self.initial.get(field, "")

    def need(self, field: str) -> None:
        if not self.cleaned_data.get(field) and field not in self.errors:
            self.add_error(field, NEEDED)

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
        keys = self.cleaned_data.get("image_keys") if partition and account else ()
        for key in keys or ():
            if wrong := not_at_home(key, partition, account):
                self.add_error("image_keys", wrong)

    def check_room(self) -> None:
        """Refuse a list that cannot hold the existing accounts."""
        managing = Managing(
            name="",
            account_id="0" * 12,
            partition=self.cleaned_data.get("partition") or "aws",
            managed_role=self.cleaned_data.get("managed_role") or MANAGED_ROLE,
            bakes=bool(self.cleaned_data.get("bakes")),
            kept=kept_of(self.instance),
        )
        rows = ManagedAccount.objects.existing().in_aws_provider()
        roles = roles_of(managing, rows)
        if len(roles) > (most := most_listed(managing, roles)):
            self.add_error(
                "assume",
                f"You have {len(roles):,} accounts, but with these settings the list "
                f"can contain only {most:,}. Choose every account of an AWS "
                "organization instead.",
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
