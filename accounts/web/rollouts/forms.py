"""The forms of a rollout: its waves and limits, and the approval of a group."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms

from accounts.models import Rollout
from accounts.runs.deciding.confirmation import confirm_group, phrase_of_group
from accounts.web.runs.views import ConfirmedForm


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

    @property
    def given(self) -> dict[str, Any]:
        return {"settings": self.cleaned_data}


class GroupForm(ConfirmedForm):
    """Approves all plans of a group; one that deletes asks to type how many."""

    def __init__(self, *args: Any, plans: int, says: str, **kwargs: Any) -> None:
        """`says` what there is to confirm of each plan; empty: nothing."""
        asks = f"{says} Type “{phrase_of_group(plans)}” to continue"
        confirm = partial(confirm_group, plans)
        super().__init__(*args, asks=asks if says else "", confirm=confirm, **kwargs)
