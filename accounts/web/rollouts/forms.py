"""The forms of a rollout: its waves and limits, and the approval of a group."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import Rollout
from accounts.runs.deciding.confirmation import (
    Unconfirmed,
    confirm_group,
    phrase_of_group,
)
from accounts.web.runs.forms import CommentForm
from accounts.wording import counted


class SettingsForm(forms.ModelForm[Rollout]):
    """The waves and limits; they apply to what has not begun."""

    class Meta:
        model = Rollout
        fields = (
            "first_wave",
            "second_percent",
            "at_once",
            "most_failures",
            "failure_percent",
        )
        labels = {
            "first_wave": "Accounts in the first wave",
            "second_percent": "Percentage in the second wave",
            "at_once": "Accounts at once",
            "most_failures": "Pause after this many failures",
            "failure_percent": "Pause after this percentage of a wave fails",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"


class GroupForm(CommentForm):
    """Approves all plans of a group; one that deletes asks to type how many."""

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

    def __init__(self, *args: Any, plans: int, deletes: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plans = plans
        if not deletes:
            del self.fields["confirmation"]
            return
        what = counted(deletes, "resource")
        self.fields["confirmation"].label = (
            f"Each plan deletes {what} in AWS. "
            f"Type “{phrase_of_group(plans)}” to continue"
        )

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"]
        try:
            confirm_group(self.plans, typed)
        except Unconfirmed as error:
            raise forms.ValidationError(str(error)) from error
        return typed
