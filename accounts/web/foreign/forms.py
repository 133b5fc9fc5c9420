"""What is asked about policies of others: which, why, and until when."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import QueryDict

from accounts.forms.fields import RuledField, bare_helper, checked
from accounts.models.checks.foreign_policy import today
from accounts.runs.foreign.accepting import LONGEST, a_day
from accounts.runs.foreign.alike import MOST_AT_ONCE
from onboarding import names

USUAL = timedelta(days=90)


def numbers_in(posted: QueryDict) -> list[int]:
    """Read which policies were chosen: one field, as forms take few fields."""
    texts = posted.get("policies", "").split()[:MOST_AT_ONCE]
    return [int(text) for text in texts if text.isascii() and text.isdigit()]


def read_in(posted: QueryDict, *_: object) -> dict[str, Any]:
    return {"read": posted.get("read", "")}


def ask_form(posted: QueryDict, _: object) -> AskForm:
    return AskForm(posted)


class AskForm(forms.Form):
    reason = RuledField(
        rule=names.seen,
        max_length=500,
        label="Reason for accepting it",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    until = forms.DateField(
        label="Until",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = bare_helper()
        self.fields["until"].initial = today() + USUAL
        self.fields["until"].widget.attrs |= {
            "min": f"{today()}",
            "max": f"{today() + LONGEST}",
        }

    @property
    def given(self) -> dict[str, Any]:
        return self.cleaned_data

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        return checked(a_day, until)
