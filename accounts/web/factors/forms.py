"""The forms that add a second factor."""

from __future__ import annotations

from django import forms

from accounts.forms.fields import RuledField, bare_helper
from onboarding import names


class AppForm(forms.Form):
    code = forms.CharField(
        label="Code",
        max_length=12,
        help_text="The six digits that the app shows.",
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}
        ),
    )
    helper = bare_helper()


class PasskeyForm(forms.Form):
    name = RuledField(
        rule=names.seen,
        max_length=60,
        label="Name",
        help_text="A name that helps you recognize the device.",
    )
    helper = bare_helper()
