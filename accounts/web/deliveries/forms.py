"""The form that approves a delivery."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms

from accounts.forms.fields import RuledField
from accounts.runs.deciding.confirmation import (
    confirm_delivery,
    phrase_of_delivery,
)
from accounts.web.runs.forms import ConfirmedForm, phrase_field
from accounts.wording import counted
from onboarding import names


class DeliveryForm(ConfirmedForm):
    """Approves a delivery; one that removes accounts asks to type how many."""

    read = RuledField(rule=names.seen, required=False, widget=forms.HiddenInput())
    """The fingerprint of what the page showed."""
    confirmation = phrase_field()

    def __init__(self, *args: Any, removes: int, **kwargs: Any) -> None:
        lost, phrase = counted(removes), phrase_of_delivery(removes)
        asks = f"Spinnaker loses {lost}. Type “{phrase}” to continue"
        confirm = partial(confirm_delivery, removes)
        super().__init__(*args, asks=asks if removes else "", confirm=confirm, **kwargs)
