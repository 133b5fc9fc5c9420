"""The form that edits many accounts: fields that all of them have, each left, set,
added to or taken from.
"""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.forms.described import form_field
from accounts.forms.fields import RegionsField
from onboarding.description.field import Field
from onboarding.description.fields import IN_BULK

KEEP, ADD, TAKE, SET = "", "add", "take", "set"
CHANGES = ((KEEP, "Don't change"), (ADD, "Add"), (TAKE, "Remove"), (SET, "Set to"))


def how(label: str, *changes: tuple[str, str]) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=changes)


def how_of(one: Field) -> str:
    """Name the question how the field changes."""
    return f"{one.name}_how"


class BulkEditForm(forms.Form):
    """What to change, of each account alike."""

    def __init__(self, *args: Any, partition: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one in IN_BULK:
            changes = CHANGES if one.is_list else (CHANGES[0], CHANGES[-1])
            self.fields[how_of(one)] = how(one.words.label, *changes)
            self.fields[one.name] = form_field(one, one.in_bulk, required=False)
        regions = self.fields["regions"]
        assert isinstance(regions, RegionsField)
        regions.partition = partition

    @property
    def pairs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Return each field's question how to change it, and the field itself."""
        return [(self[how_of(one)], self[one.name]) for one in IN_BULK]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if not any(said.get(how_of(one)) for one in IN_BULK):
            raise forms.ValidationError("Choose at least one change.")
        for one in IN_BULK:
            change, values = said.get(how_of(one)), said.get(one.name)
            needed = change in (ADD, TAKE) or (change == SET and one.is_needed)
            if needed and values == []:
                self.add_error(one.name, "Enter at least one.")
        return said
