"""What the managing account's form asks, and in which order: three questions, and more
choices under one line that says what they hold.
"""

from __future__ import annotations

from typing import Any

from crispy_forms.layout import Div
from django.forms import BaseForm

from accounts.forms.layout import Fieldset, Included, MoreChoices, Sentence
from accounts.models import ManagingAccount
from onboarding.topology import MadeBy

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
            "Baking",
            "bakes",
            shown_for_values("bakes", "on", "ami_owner", "image_keys"),
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
