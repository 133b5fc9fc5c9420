"""Environments to choose from, the one without a name included."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms

from accounts.models import ManagedAccount
from accounts.people.role_limits.naming import NONE

NO_ENVIRONMENT = "none"
"""In the place of the empty name, which no box can send."""


class EnvironmentBoxes(forms.MultipleChoiceField):
    """A box for each environment; the cleaned value is their names."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self) -> None:
        super().__init__(
            label="Environments",
            required=False,
            help_text="Select none for all environments, including new ones.",
        )

    def clean(self, value: Any) -> list[str]:
        keys = super().clean(value)
        return ["" if key == NO_ENVIRONMENT else key[2:] for key in keys]


def offer_environments(form: forms.BaseForm, chosen: Collection[str]) -> None:
    """Offer what is in use, and what was chosen when it was, which is selected."""
    boxes = form.fields["environments"]
    assert isinstance(boxes, EnvironmentBoxes)
    used = ManagedAccount.objects.order_by().values_list("environment", flat=True)
    names = sorted({*used.distinct(), *chosen})
    boxes.choices = [(key_of(name), name or NONE) for name in names]
    form.initial["environments"] = [key_of(name) for name in chosen]


def key_of(environment: str) -> str:
    return f"e:{environment}" if environment else NO_ENVIRONMENT
