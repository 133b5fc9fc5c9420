"""The form that edits many accounts: fields that all of them have, each left, set,
added to or taken from.
"""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.forms.fields import RegionsField, RolesField, RuledField
from onboarding import names

KEEP, ADD, TAKE, SET = "", "add", "take", "set"
LISTS = {
    "regions": "Regions",
    "read_roles": "Who may read",
    "write_roles": "Who may write",
}
ENVIRONMENT = "environment"
CHANGES = ((KEEP, "Leave as it is"), (ADD, "Add"), (TAKE, "Remove"), (SET, "Set to"))


def how(label: str, *changes: tuple[str, str]) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=changes)


class BulkEditForm(forms.Form):
    """What to change, of each account alike."""

    environment_how = how("Environment", CHANGES[0], CHANGES[-1])
    environment = RuledField(
        rule=names.account_name,
        required=False,
        max_length=60,
        label="Environment to set",
        help_text="Empty: none.",
    )
    regions_how = how("Regions", *CHANGES)
    regions = RegionsField(
        required=False, label="These regions", help_text="For example us-east-1."
    )
    read_roles_how = how("Who may read", *CHANGES)
    read_roles = RolesField(
        label="These roles may read",
        help_text="Groups, separated by commas.",
    )
    write_roles_how = how("Who may write", *CHANGES)
    write_roles = RolesField(
        label="These roles may write",
        help_text="Groups, separated by commas.",
    )

    def __init__(self, *args: Any, partition: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regions = self.fields["regions"]
        assert isinstance(regions, RegionsField)
        regions.partition = partition

    @property
    def pairs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Return each field's question how to change it, and the field itself."""
        return [(self[f"{name}_how"], self[name]) for name in (ENVIRONMENT, *LISTS)]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if not any(said.get(f"{name}_how") for name in (ENVIRONMENT, *LISTS)):
            raise forms.ValidationError("Choose at least one change.")
        for name in LISTS:
            change, values = said.get(f"{name}_how"), said.get(name)
            needed = change in (ADD, TAKE) or (change == SET and name == "regions")
            if needed and values == []:
                self.add_error(name, "Name at least one.")
        return said
