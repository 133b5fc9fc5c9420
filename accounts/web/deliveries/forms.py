"""The form that approves a delivery."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms

from accounts.forms.fields import RuledField
from accounts.models import Delivery
from accounts.runs.deciding.confirmation import (
    confirm_delivery,
    phrase_of_delivery,
)
from accounts.web.runs.forms import ConfirmedForm, phrase_field
from accounts.wording import counted
from onboarding import names
from onboarding.delivery.verdicts import Verb


class DeliveryForm(ConfirmedForm):
    """Approves a delivery; one that removes accounts asks to type how many."""

    read = RuledField(rule=names.seen, required=False, widget=forms.HiddenInput())
    """The fingerprint of what the page showed."""
    confirmation = phrase_field()

    def __init__(self, data: Any, delivery: Delivery) -> None:
        removes = delivery.counts.get(Verb.REMOVE, 0)
        lost, phrase = counted(removes), phrase_of_delivery(removes)
        asks = f"Spinnaker loses {lost}. Type “{phrase}” to continue"
        super().__init__(
            data,
            asks=asks if removes else "",
            confirm=partial(confirm_delivery, removes),
            initial={"read": delivery.fingerprint},
        )

    @property
    def given(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ("comment", "read")}
