"""The form that approves a delivery."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.forms.fields import RuledField
from accounts.runs.deciding.confirmation import (
    Unconfirmed,
    confirm_delivery,
    phrase_of_delivery,
)
from accounts.web.runs.forms import CommentForm
from accounts.wording import counted
from onboarding import names


class DeliveryForm(CommentForm):
    """Approves a delivery; one that removes accounts asks to type how many."""

    read = RuledField(rule=names.seen, required=False, widget=forms.HiddenInput())
    """The fingerprint of what the page showed."""
    confirmation = forms.CharField(
        required=False,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "spellcheck": "false",
                "class": "form-control",
            }
        ),
    )

    def __init__(self, *args: Any, removes: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.removes = removes
        if not removes:
            del self.fields["confirmation"]
            return
        self.fields["confirmation"].label = (
            f"Spinnaker loses {counted(removes)}. "
            f"Type “{phrase_of_delivery(removes)}” to continue"
        )

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"]
        try:
            confirm_delivery(self.removes, typed)
        except Unconfirmed as error:
            raise forms.ValidationError(str(error)) from error
        return typed
