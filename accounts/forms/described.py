"""The fields of an account, as forms ask for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db import models

from accounts.forms.fields import RegionsField, RolesField, RuledField
from accounts.help.choices import more
from accounts.models.owners.made_by import MANAGED_MAKERS
from onboarding.description.field import Field, Kind, Words
from onboarding.description.fields import BY_NAME
from onboarding.topology import MadeBy


def form_field(one: Field, words: Words | None = None, **options: Any) -> forms.Field:
    """Ask for the field in these words, or in its own."""
    label, help_text, document = words or one.words
    options["label"] = label
    options["help_text"] = more(help_text, document) if document else help_text
    match one.kind:
        case Kind.TRUTH:
            return forms.BooleanField(required=False, **options)
        case Kind.MAKER:
            return forms.TypedChoiceField(
                choices=MANAGED_MAKERS,
                widget=forms.RadioSelect,
                required=False,
                empty_value=MadeBy.BOWLINE.value,
                **options,
            )
        case Kind.REGIONS:
            needed = {"required": "Choose at least one Region."}
            return RegionsField(error_messages=needed, **options)
        case Kind.GROUPS:
            return RolesField(**options)
    options = {"required": one.is_needed, "max_length": one.longest, **options}
    field = RuledField(rule=one.rule, **options)
    if one.kind is Kind.ACCOUNT_ID:
        field.widget.attrs["inputmode"] = "numeric"
    if one.proposals:
        field.widget.attrs["list"] = one.proposals
    return field


def asked_of_column(column: models.Field[Any, Any], **_: Any) -> forms.Field:
    """Ask for a column of the model, as a ModelForm's `formfield_callback`."""
    return form_field(BY_NAME[column.name])


def listed_fields(chosen: Iterable[Field]) -> list[str]:
    """Name the fields that have no place of their own, without the groups, which forms
    fold away or put under a heading.
    """
    groups = Kind.GROUPS
    return [one.name for one in chosen if one.is_listed and one.kind is not groups]
